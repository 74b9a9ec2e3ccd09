"""The spectral hard cap: singular values above the bound are set to it, the others stay."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from regularizers.base import Regularizer
from regularizers.checks import check_known, check_number
from regularizers.holding.periodic import PeriodicSettings
from regularizers.holding.spectral_map import SpectralMap
from regularizers.linalg.caps import hard_cap, polynomial_cap
from regularizers.targets import Target

FORMS = ("exact", "polynomial")


@dataclass(frozen=True, kw_only=True)
class SpectralHardCap(PeriodicSettings):
    """s ← min(s, b) for every singular value after a step, with b = bound · √(fan_out / fan_in).

    The nearest weight, in Frobenius norm, whose RMS→RMS norm is at most ``bound`` (Newhouse et al. 2025,
    https://arxiv.org/abs/2507.13338). A convolution is held in its flat view.

    **What is approximate.** Nothing is decomposed. ``exact`` takes two matrix signs by products
    (``regularizers.linalg.caps.hard_cap``): after a projection ‖W‖₂ ≤ b + 7·10⁻⁵ max(b, σ̂), and a weight that is
    certain to lie within the bound keeps its bits. ``polynomial`` takes four quintics, a third of the cost:
    ‖W‖₂ ≤ 1.011 b, singular values off by up to 0.05 b, and a weight whose norm exceeds 3.549 b is shrunk as
    a whole first, small singular values too (``regularizers.linalg.caps.polynomial_cap``); at the bound it is no fixed
    point. Both are certain for every optimizer. The exact cap of an n × n weight costs about 84 n³ operations,
    the polynomial 22 n³, a training step of B examples 6 B n²: with ``every`` = k an update U a step lets the
    norm rise to b + (k − 1) ‖U‖₂ between projections.

    Attributes:
        bound: the RMS→RMS norm not to exceed, > 0.
        form: ``"exact"`` or ``"polynomial"``.

    Example:
        >>> layer = nn.Linear(2, 2, bias=False)
        >>> layer.weight.data = Tensor([[3.0, 0.0], [0.0, 0.5]])
        >>> SpectralHardCap(bound=1.0).attach(layer).after_step(lr=0.1)
        >>> layer.weight.diagonal().detach().round(decimals=4)
        tensor([1.0000, 0.5000])
    """

    bound: float = 1.0
    form: str = "exact"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("bound", self.bound, "1.0", above=0)
        check_known("form", self.form, FORMS)

    def attach(self, model: nn.Module) -> Regularizer:
        """Begin to hold the weights of a model; the weights themselves change first after step ``every``.

        Args:
            model: the network.

        Returns:
            The regularizer; its state is the count of steps.
        """
        return _SpectralHardCap(self.held(model), self)


class _SpectralHardCap(SpectralMap):
    def __init__(self, targets: Sequence[Target], settings: SpectralHardCap) -> None:
        super().__init__(targets, settings.every)
        self._bound = settings.bound
        self._cap = hard_cap if settings.form == "exact" else polynomial_cap

    def image(self, matrix: Tensor, unit: float) -> Tensor:
        return self._cap(matrix, self._bound * unit)
