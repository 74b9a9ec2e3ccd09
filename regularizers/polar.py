"""The polar factor of a matrix by products alone, and a certified bound of its norm.

Decompositions make a GPU wait and may fail to converge on repeated singular values; products do neither.
"""

import torch
from torch import Tensor

_QUINTICS = (
    (8.470328803848066, -25.108074706661853, 18.629275599117996),
    (4.182834183293943, -3.108701109889242, 0.5806066813500492),
    (3.9618572789615976, -2.9540637463593775, 0.5629761179538963),
    (3.2865862170279545, -2.4647201345312784, 0.5073576938614545),
    (2.273749994434036, -1.6446603679080678, 0.4161909274978865),
    (1.8887161973518307, -1.2651572253386048, 0.3765189255574927),
    (1.875000885832837, -1.25000098423863, 0.37500009840612347),
    (1.875, -1.25, 0.375),
)
"""ax + bx³ + cx⁵, each the best approximation of 1 on what the ones before it make of [10⁻³, 1]; after seven
of them the error is 5·10⁻¹⁰. The eighth, of the fixed point, is for float64. ``tests/oracles.py`` derives them."""


def polar_factor(matrix: Tensor) -> Tensor:
    """The nearest matrix with orthonormal rows or columns: U Vᴴ of W = U S Vᴴ, also written msign(W).

    Seven odd quintics are composed (eight in float64), each optimal for the interval that the one before it
    leaves: the Polar Express (Amsel, Persson, Musco and Gower 2025, https://arxiv.org/abs/2505.16932), with
    coefficients solved for singular values in [10⁻³, 1]. W is scaled first by an upper bound σ̂ of its norm,
    √‖G‖·‖G²/‖G‖²‖^¼ in Frobenius norms with G = WWᴴ, which costs nothing: the first quintic needs G and G².

    **What is approximate.** A singular value s ≥ 10⁻³ σ̂ becomes 1 up to the rounding of the products: the
    largest error in spectral norm, over square and rectangular matrices to 400 × 400 with σ₁/σ_r from 1 to
    1000, was 4·10⁻⁵ in float32 and 2·10⁻¹³ in float64. Smaller values become 3700 s/σ̂ or so, never more than
    1, so the factor of a rank-deficient W is a partial isometry, up to 10⁻³ where rounding has left a small
    value in the place of zero. σ̂ exceeds σ₁ by at most r^⅛. Half precision is computed in float32.

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
    x = wide.reshape(-1, *wide.shape[-2:])
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
    return factor.mH if tall else factor, bound.view(wide.shape[:-2])


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
    wide = widened(matrix if matrix.shape[-2] <= matrix.shape[-1] else matrix.mH)
    _, _, power, bound = _first_products(wide)
    for j in range(2, squarings + 1):
        norm = _frobenius(power)
        power = power / norm
        power = power @ power
        bound = bound * _frobenius(power) ** (0.5 ** (j + 1))
    return bound[..., 0, 0]


def widened(tensor: Tensor) -> Tensor:
    """Half precision as float32, in which alone decompositions exist and products are accurate.

    Args:
        tensor: of any floating dtype.

    Returns:
        The same tensor, or a float32 copy.
    """
    return tensor.float() if tensor.dtype in {torch.float16, torch.bfloat16} else tensor


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
