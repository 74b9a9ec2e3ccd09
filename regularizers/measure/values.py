"""All singular values of many matrices, by the cheapest routine that is exact enough, and which one it was."""

import torch
from torch import Tensor

from regularizers.linear_map import frequencies, transfer
from regularizers.polar import widened
from regularizers.spectrum import svdvals_and_routine

GRAM = "gram"

_CHUNK = 2**22  # entries of transfer matrices held at once: with their copies in double precision some 200 MB


def values_of(matrices: Tensor) -> tuple[Tensor, str]:
    """All singular values, from the eigenvalues of the smaller Gram matrix in double precision.

    A decomposition of AAᴴ costs a third of one of A. It loses what lies below √eps·σ₁, 1.5·10⁻⁸ σ₁ in float64, which is
    less than single precision can tell from zero; matrices in double precision are decomposed themselves.

    Where the eigenvalue routine does not converge, the matrices are decomposed themselves, too, with the fallbacks of
    ``spectrum.svdvals``. A matrix that is not finite has NaN and spoils no other.

    Args:
        matrices: (…, m, n), real or complex.

    Returns:
        Values (…, min(m, n)), descending, float64, and the routine: ``"gram"`` or ``"svd"``, and after a colon
        what helped where one did not converge.

    Example:
        >>> values_of(torch.diag(torch.tensor([1.0, 3.0, 2.0])))
        (tensor([3., 2., 1.], dtype=torch.float64), 'gram')
    """
    if matrices.dtype in {torch.float64, torch.complex128}:
        return svdvals_and_routine(matrices)
    finite = matrices.isfinite().all(-1).all(-1)
    wide = matrices if matrices.shape[-2] <= matrices.shape[-1] else matrices.mH
    wide = torch.where(finite[..., None, None], wide, 0).to(torch.complex128 if wide.is_complex() else torch.float64)
    try:
        squares = torch.linalg.eigvalsh(wide @ wide.mH)
    except torch.linalg.LinAlgError:  # type: ignore[attr-defined]
        values, routine = svdvals_and_routine(matrices)
        return values.double(), f"{GRAM}: {routine}"
    values = squares.flip(-1).clamp(min=0).sqrt()
    return torch.where(finite.unsqueeze(-1), values, torch.nan), GRAM


def circular_values(kernel: Tensor, input_size: tuple[int, int]) -> tuple[Tensor, str]:
    """All singular values of a kernel's circular convolution: those of its transfer matrices at all frequencies.

    Args:
        kernel: (Co, Ci, kh, kw).
        input_size: (h, w).

    Returns:
        Values (h·w·min(Co, Ci),), descending, float64, and the routine as of ``values_of``.
    """
    points, multiplicity = frequencies(input_size)
    count = max(1, _CHUNK // kernel[..., 0, 0].numel())
    found = [values_of(transfer(widened(kernel), chunk)) for chunk in points.split(count)]
    values = torch.cat([part for part, _ in found]).repeat_interleave(multiplicity.to(kernel.device), dim=0)
    routines = dict.fromkeys(routine for _, routine in found)
    return values.flatten().sort(descending=True).values.double(), max(routines, key=len)
