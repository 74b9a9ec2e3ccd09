"""The published coefficient sets of Newton–Schulz orthogonalization, and what each does to a singular value."""

from dataclasses import dataclass

from regularizers import spectrum


@dataclass(frozen=True, kw_only=True)
class NewtonSchulz:
    """Odd quintics, applied one after the other to a matrix X with ‖X‖_F = 1.

    Each step maps every singular value s to a·s + b·s³ + c·s⁵ and leaves the singular vectors, so that all values
    come near 1: an approximation of the polar factor UVᵀ that needs products of matrices alone. How near depends on
    where they start; a value below 10⁻³ of ‖X‖_F may still be small at the end.

    Attributes:
        steps: (a, b, c) of each step.
        low: the least output for s in [0.01, 1], rounded down.
        high: the greatest output for s in [0, 1], rounded up: no update has a larger spectral norm.
    """

    steps: tuple[tuple[float, float, float], ...]
    low: float
    high: float


NEWTON_SCHULZ: dict[str, NewtonSchulz] = {
    # Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/; torch.optim.Muon and Scion use it too. Chosen for
    # its slope at 0; it does not converge, its outputs stay spread.
    "jordan": NewtonSchulz(steps=((3.4445, -4.7750, 2.0315),) * 5, low=0.6818, high=1.2024),
    # modded-nanogpt's five steps.
    "modded": NewtonSchulz(
        steps=(
            (4.0848, -6.8946, 2.9270),
            (3.9505, -6.3029, 2.6377),
            (3.7418, -5.5913, 2.3037),
            (2.8769, -3.1427, 1.2046),
            (2.8366, -3.0525, 1.2012),
        ),
        low=0.9777,
        high=1.1451,
    ),
    # Newhouse et al. 2025 (https://arxiv.org/abs/2507.13338) use it, because no output
    # exceeds 1.
    "jiacheng": NewtonSchulz(
        steps=spectrum.JIACHENG,
        low=0.9955,
        high=0.9994,
    ),
    # Polar Express, five steps (Amsel et al. 2025, https://arxiv.org/abs/2505.16932): the least worst error from 10⁻³
    # on.
    "polar_express": NewtonSchulz(
        steps=(
            (8.15655, -22.48329, 15.87877),
            (4.04293, -2.80892, 0.50002),
            (3.89167, -2.77248, 0.50606),
            (3.28575, -2.36813, 0.46449),
            (2.34654, -1.70978, 0.42324),
        ),
        low=0.8588,
        high=1.1412,
    ),
}
"""By the name that study files use."""
