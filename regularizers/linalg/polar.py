"""The polar factor of a matrix by products alone, and a certified bound of its norm.

Decompositions make a GPU wait and may fail to converge on repeated singular values; products do neither.
"""

import torch
from torch import Tensor

JIACHENG = (
    (3955 / 1024, -8306 / 1024, 5008 / 1024),
    (3735 / 1024, -6681 / 1024, 3463 / 1024),
    (3799 / 1024, -6499 / 1024, 3211 / 1024),
    (4019 / 1024, -6385 / 1024, 2906 / 1024),
    (2677 / 1024, -3029 / 1024, 1162 / 1024),
    (2172 / 1024, -1833 / 1024, 682 / 1024),
)
"""Jiacheng You's six odd quintics ax + bx³ + cx⁵, applied one after the other: no output exceeds 1."""

_QUINTICS = (*JIACHENG, *((15 / 8, -10 / 8, 3 / 8),) * 2)
"""Jiacheng's six, and the one that touches 1 to third order; its second turn is for float64.

The optimal quintics of the Polar Express (Amsel et al. 2025, https://arxiv.org/abs/2505.16932) reach as low in as
many steps, but on the way they bring some singular values near 1 down to 0.008, and float32 loses two digits of
these: an error of 4·10⁻⁵ on matrices that are all but orthogonal, where these six keep to 10⁻⁶."""


def polar_factor(matrix: Tensor) -> Tensor:
    """The nearest matrix with orthonormal rows or columns: U Vᴴ of W = U S Vᴴ, also written msign(W).

    Seven odd quintics are composed (eight in float64). W is scaled first by an upper bound σ̂ of its norm,
    √‖G‖·‖G²/‖G‖²‖^¼ in Frobenius norms with G = WWᴴ, which costs nothing: the first quintic needs G and G².

    **What is approximate.** A singular value s ≥ 1.6·10⁻³ σ̂ (10⁻³ σ̂ in float64) becomes 1 within 10⁻⁶ and the
    rounding of the products. The largest error in spectral norm, on matrices from 5 × 27 to 300 × 300, square too,
    was 4·10⁻⁶ in float32 for σ₁/σ_r from 1 to 100. Smaller values become about 2100 s/σ̂, never more than 1, so the
    factor of a rank-deficient W is a partial isometry, up to 10⁻³ where rounding has left a small value in the
    place of zero. σ̂ exceeds σ₁ by at most r^⅛. Half precision is computed in float32.

    Args:
        matrix: W, (…, m, n), real or complex.

    Returns:
        (…, m, n), of W's dtype; zero for a zero matrix, NaN for one that is not finite.

    Example:
        >>> polar_factor(torch.tensor([[0.0, -3.0], [0.5, 0.0]])).round(decimals=5)
        tensor([[ 0., -1.],
                [ 1.,  0.]])
    """
    factor, _ = polar_and_bound(matrix)
    return factor


def polar_and_bound(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """The polar factor and the upper bound σ̂ of the spectral norm that it was scaled by.

    Args:
        matrix: W, (…, m, n), real or complex.

    Returns:
        The factor (…, m, n) and σ₁ ≤ σ̂ ≤ 1.00001 r^⅛ σ₁, (…).
    """
    tall = matrix.shape[-2] > matrix.shape[-1]
    wide = widened(matrix.mH if tall else matrix)
    x, size = _at_most_one(wide.reshape(-1, *wide.shape[-2:]))
    gram, norm, square, bound = _first_products(x)
    x = x / bound
    gram = gram * (norm / bound**2)
    square = square * (norm / bound**2) ** 2
    a, b, c = _QUINTICS[0]
    x = torch.baddbmm(x, b * gram + c * square, x, beta=a)
    for a, b, c in _QUINTICS[1:] if torch.finfo(x.dtype).bits > 32 else _QUINTICS[1:-1]:
        gram = x @ x.mH
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    factor = x.view(wide.shape).to(matrix.dtype)
    return factor.mH if tall else factor, (size * bound).view(wide.shape[:-2])


def upper_bound(matrix: Tensor, squarings: int) -> Tensor:
    """A bound σ̂ ≥ σ₁ from repeated squaring of the smaller Gram matrix: ‖G^(2^j)‖_F^(1/2^(j+1)).

    That is the Schatten norm of order 2^(j+2), so σ₁ ≤ σ̂ ≤ r^(1/2^(j+2)) σ₁ (Delattre, Barthélemy, Araujo
    and Allauzen 2023, https://arxiv.org/abs/2305.16173). No power iteration can promise the first inequality.

    Args:
        matrix: W, (…, m, n).
        squarings: j ≥ 1, each a product of r × r matrices.

    Returns:
        (…), real; up to rounding upwards by 10⁻⁵; 1 for a zero matrix.

    Example:
        >>> round(upper_bound(torch.eye(16), squarings=2).item(), 3)  # 16 ** (1 / 16)
        1.189
    """
    wide, size = _at_most_one(widened(matrix if matrix.shape[-2] <= matrix.shape[-1] else matrix.mH))
    _, _, power, bound = _first_products(wide)
    for j in range(2, squarings + 1):
        norm = _frobenius(power)
        power = power / norm
        power = power @ power
        bound = bound * _frobenius(power) ** (0.5 ** (j + 1))
    return (size * bound)[..., 0, 0]


def widened(tensor: Tensor) -> Tensor:
    """Half precision as float32, in which alone decompositions exist and products are accurate.

    Args:
        tensor: of any floating dtype.

    Returns:
        The same tensor, or a float32 copy.
    """
    return tensor.to(arithmetic(tensor.dtype))


def arithmetic(dtype: torch.dtype) -> torch.dtype:
    """The dtype that a weight of another is computed in: float32 for half precision, else its own.

    Args:
        dtype: the weight's.

    Returns:
        The dtype.
    """
    return torch.float32 if dtype in {torch.float16, torch.bfloat16} else dtype


def _at_most_one(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """The matrix over its largest entry, so that fourth powers stay within float32, and that entry (…, 1, 1)."""
    size = torch.linalg.vector_norm(matrix, ord=torch.inf, dim=(-2, -1), keepdim=True)
    size = torch.where(size == 0, 1, size)
    return matrix / size, size


def _first_products(wide: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """H, ν, H² and σ̂ with G = WWᴴ = νH and ‖H‖_F = 1; norms as (…, 1, 1), never zero."""
    gram = wide @ wide.mH
    norm = _frobenius(gram)
    gram = gram / norm
    square = gram @ gram
    return gram, norm, square, (1 + 1e-5) * norm**0.5 * _frobenius(square) ** 0.25


def _frobenius(matrix: Tensor) -> Tensor:
    """(…, 1, 1); one in the place of zero, by which nothing can be divided."""
    norm = torch.linalg.vector_norm(matrix, dim=(-2, -1), keepdim=True)
    return torch.where(norm == 0, 1, norm)
