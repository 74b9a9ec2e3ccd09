"""Caps: functions of a matrix that bring down its large singular values and keep its singular vectors."""

import torch
from torch import Tensor

from regularizers.linalg.polar import polar_and_bound, upper_bound, widened

SOFT_CAP_LIMIT = 19 / 62
"""The largest update, relative to the bound, after which a soft cap holds the bound: 0.3065. See ``soft_cap``."""

POLYNOMIAL_LIMIT = 3.549
"""The largest singular value, relative to the bound, that ``polynomial_cap``'s polynomial brings down."""

_POLYNOMIAL = (
    (0.805032, 0.206361, -0.019763),
    (0.649867, 0.162935, -0.011150),
    (1.810259, -0.200265, 0.008251),
    (1.004384, -0.183490, 0.014413),
)


def hard_cap(matrix: Tensor, bound: float | Tensor) -> Tensor:
    """Every singular value s becomes min(s, bound): the nearest matrix whose spectral norm is at most bound.

    With the polar factor O = msign(W) and wide W (a tall one is transposed)

        hard_cap(W) = W + ½ (I + S) (bound·O − W),   S = msign(WOᴴ − bound·I).

    ½(I + S) projects on the left vectors whose values exceed the bound. In exact arithmetic this is
    ½ [bO + W − (bO − W) msign(bO − W)ᵀ O] (Su 2025, https://kexue.fm/archives/11059; Cesista 2025,
    https://leloykun.github.io/ponder/spectral-clipping), rearranged so that a poor O does no harm: where s is
    so small that O has not reached 1, WOᴴ is far below the bound and O is multiplied by zero. The published
    form errs there by up to bound/8; it also takes the second sign of an m × n and not of an r × r matrix.

    **What is approximate.** A value within 1.6·10⁻³ · max(bound, σ̂) of the bound has an undecided sign, and then
    errs by 7·10⁻⁵ · max(bound, σ̂) at most, with σ̂ from ``polar_factor``; others err by rounding. Measured
    in float32 against the decomposition, 64 × 64 to 400 × 400, square too, σ₁/σ_r to 10⁶ and σ̂ up to 30 bounds:
    relative Frobenius error below 10⁻⁵; it grows with σ̂/bound. A matrix with σ̂ ≤ bound is returned as it is, bit for
    bit; as σ̂ may exceed σ₁ by r^⅛, one just below the bound may change by rounding.

    Args:
        matrix: W, (…, m, n), real or complex.
        bound: > 0, a number or (…).

    Returns:
        (…, m, n).

    Example:
        >>> hard_cap(torch.diag(torch.tensor([3.0, 0.5])), bound=1.0).round(decimals=4)
        tensor([[1.0000, 0.0000],
                [0.0000, 0.5000]])
    """
    if matrix.shape[-2] > matrix.shape[-1]:
        return hard_cap(matrix.mH, bound).mH
    wide = widened(matrix)
    factor, norm = polar_and_bound(wide)
    if not isinstance(bound, Tensor):
        bound = norm.new_full((), bound)  # filled there: a copy from the CPU would make a GPU wait
    values = wide @ factor.mH
    values = (values + values.mH) / 2  # symmetric but for rounding, which the sign would magnify
    values.diagonal(dim1=-2, dim2=-1).sub_(bound.unsqueeze(-1))
    sign, _ = polar_and_bound(values)
    sign.diagonal(dim1=-2, dim2=-1).add_(1)
    change = sign @ (bound[..., None, None] * factor - wide)
    return torch.where((norm <= bound)[..., None, None], wide, wide + change / 2).to(matrix.dtype)


def polynomial_cap(matrix: Tensor, bound: float) -> Tensor:
    """The hard cap by four quintics and not by two signs: cheaper, coarser, guarded against its own range.

    The composed polynomial f of Newhouse et al. 2025 (https://arxiv.org/abs/2507.13338) approximates min(s, 1)
    within 0.05 for 0 ≤ s ≤ 3.549, with f(1) = 0.966 and a maximum of 1.0109; beyond, it soon changes sign.
    So W is first multiplied by min(1, 3.549 · bound / σ̂), where σ̂ ≥ σ₁ is certain (``upper_bound`` with three
    squarings, at most r^(1/32) above). The result's norm is at most 1.011 · bound for every W; but where the
    guard acts, that is for σ̂ > 3.549 · bound, it takes *all* singular values down by the same factor, and the
    small ones do not stay. It is no projection: values at the bound go to 0.966 of it, and further when it is
    applied again.

    Args:
        matrix: W, (…, m, n).
        bound: > 0.

    Returns:
        (…, m, n).

    Example:
        >>> polynomial_cap(torch.diag(torch.tensor([100.0, 1.0])), bound=1.0).diagonal().round(decimals=2)
        tensor([0.9500, 0.0300])
    """
    if matrix.shape[-2] > matrix.shape[-1]:
        return polynomial_cap(matrix.mT, bound).mT
    wide = widened(matrix)
    norm = upper_bound(wide, squarings=3)[..., None, None]
    x = wide * ((POLYNOMIAL_LIMIT * bound / norm).clamp(max=1) / bound)
    for a, b, c in _POLYNOMIAL:
        gram = x @ x.mT
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return (bound * x).to(matrix.dtype)


def soft_cap(matrix: Tensor, bound: float | Tensor, update: float | Tensor) -> Tensor:
    """Singular values are pressed down smoothly, by just so much that those up to bound + update end below bound.

    s ↦ p₂(p₁(s)) with p₁(s) = s − as³ and p₂(s) = s + as³ (Newhouse et al. 2025,
    https://arxiv.org/abs/2507.13338): four products, no sign. The strength a is that of ``soft_cap_strength``.

    Args:
        matrix: W, (…, m, n), with ‖W‖₂ ≤ bound + update.
        bound: > 0, a number or (…).
        update: ≥ 0, the largest spectral norm by which W has moved since its norm was at most bound; a number
            or (…).

    Returns:
        (…, m, n), of spectral norm at most bound.

    Raises:
        ValueError: update/bound exceeds ``SOFT_CAP_LIMIT``. (Of tensors the numbers are not read: check them
            where they are made.)

    Example:
        >>> soft_cap(torch.diag(torch.tensor([1.1, 0.5])), bound=1.0, update=0.1).diagonal().round(decimals=4)
        tensor([1.0000, 0.4977])
    """
    if matrix.shape[-2] > matrix.shape[-1]:
        return soft_cap(matrix.mT, bound, update).mT
    x = widened(matrix)
    strength = soft_cap_strength(bound, update)
    if isinstance(strength, Tensor):
        strength = strength.to(x)[..., None, None]
    for signed in (-strength, strength):
        x = x + (signed * (x @ x.mT)) @ x
    return x.to(matrix.dtype)


def soft_cap_strength(bound: float | Tensor, update: float | Tensor) -> float | Tensor:
    """The smallest a ≥ 0 with p₂(p₁(k)) = bound for k = bound + update, in float64.

    With y = ak² the quartic −k⁹a⁴ + 3k⁷a³ − 3k⁵a² + k − bound = 0 reads

        y²(y² − 3y + 3) = update / (bound + update),

    whose left side rises strictly for y ≥ 0: there is one root, and no case without. p₁ rises on [0, k] if and
    only if 3y ≤ 1, and so k is where p₂∘p₁ is largest if and only if update/bound ≤ 19/62 = 0.3065
    (``SOFT_CAP_LIMIT``). Beyond, smaller values end above the bound: by 10⁻⁶ at 0.3074, by 19 % at 1. Newton's
    method starts from √(9/19 · right side) above the root, where the left side is convex, and comes down to it.

    Args:
        bound: > 0, a number or a tensor.
        update: ≥ 0, a number or a tensor.

    Returns:
        a, in units of 1/bound².

    Raises:
        ValueError: update/bound exceeds the limit.

    Example:
        >>> round(soft_cap_strength(bound=1.0, update=0.1), 6), round(soft_cap_strength(6.0, 0.2), 8)
        (0.158864, 0.00285246)
    """
    if not isinstance(bound, Tensor) and not isinstance(update, Tensor):
        check_soft_cap(bound, update)
    bound, update = (x.double() if isinstance(x, Tensor) else float(x) for x in (bound, update))
    share = update / (bound + update)
    y = (share * 9 / 19) ** 0.5
    for _ in range(8):
        y = y - (y * y * (y * y - 3 * y + 3) - share) / (y * (4 * y * y - 9 * y + 6) + 1e-300)
    return y / (bound + update) ** 2


def check_soft_cap(bound: float, update: float) -> None:
    """Refuse an update after which no soft cap can hold the bound.

    Args:
        bound: the spectral norm to hold.
        update: the spectral norm of what is added between two caps, in the same units.

    Raises:
        ValueError: update/bound exceeds ``SOFT_CAP_LIMIT``.
    """
    if update > SOFT_CAP_LIMIT * bound:
        raise ValueError(
            f"a soft cap holds its bound only where update/bound <= {SOFT_CAP_LIMIT:.4f}, got update {update:.4g} and "
            f"bound {bound:.4g}, a ratio of {update / bound:.4g}; lower the learning rate, every or update_bound, "
            "or raise bound"
        )
