"""Several leading directions of a linear map followed at once: the small matrices of block power iteration.

With a block V of b unit rows, kept from the step before, one iteration on W is

    Y = VWᵀ,  H = YYᵀ;  q = the leading eigenvector of H;  Z = YW;  V ← an orthonormal basis of Z's rows, qZ first.

That is subspace iteration with a Rayleigh–Ritz step (Saad 2011, *Numerical Methods for Large Eigenvalue Problems*,
chapter 5): the error of the leading direction shrinks by (σ_{b+1}/σ₁)² an iteration and not by (σ₂/σ₁)², and a
direction that overtakes the first is already in the block. A product with a block of eight reads W once, as one with a
vector does, and reading W is what it costs.

The functions here see b × b matrices alone, so that those of all weights, whatever their shapes, are one batch. They
compute in float64, without decompositions that would make a GPU wait.
"""

import torch
from torch import Tensor

BLOCK = 8
"""Rows of the block of a matrix."""

IMAGE_BLOCK = 4
"""Rows of the block of a convolution seen as a map of images, of which each row costs as much as an image."""

_SQUARINGS = 6
_SHIFT = 1e-10


def top_coordinates(gram: Tensor) -> Tensor:
    """The leading eigenvector of each H, by six squarings: H⁶⁴, in which others have all but vanished.

    Args:
        gram: H, (…, b, b), positive semidefinite.

    Returns:
        Unit vectors (…, b) in float64; zero where H is zero.

    Example:
        >>> top_coordinates(torch.tensor([[2.0, 1.0], [1.0, 2.0]])).abs().round(decimals=6)
        tensor([0.7071, 0.7071], dtype=torch.float64)
    """
    power = gram.double()
    trace = power.diagonal(dim1=-2, dim2=-1).sum(-1)[..., None, None]
    power = power / torch.where(trace > 0, trace, 1)  # its largest eigenvalue is now 1/b or more: no underflow below
    for _ in range(_SQUARINGS):
        power = power @ power
    lengths = torch.linalg.vector_norm(power, dim=-2)
    longest = lengths.argmax(-1, keepdim=True)
    column = power.gather(-1, longest.unsqueeze(-2).expand(*power.shape[:-1], 1)).squeeze(-1)
    length = lengths.gather(-1, longest)
    return column / torch.where(length > 0, length, 1)


def orthonormalizer(gram: Tensor, first: Tensor) -> Tensor:
    """M such that the rows of MZ are orthonormal, and span what those of Z span, the first along ``first``·Z.

    A Householder reflection brings ``first`` to the front, a Cholesky factor of the reflected ZZᵀ does the rest
    (shifted Cholesky QR: Fukaya et al. 2020, https://doi.org/10.1137/18M1218212), with rows brought to equal length
    first. The shift, 10⁻¹⁰ for all rows but the first, leaves a row short that is linearly dependent on those before it
    but for 10⁻⁵ of its length.

    Args:
        gram: ZZᵀ, (…, b, b).
        first: unit vectors (…, b), or zero.

    Returns:
        M, (…, b, b), in float64; the first row of MZ has the direction of +``first``·Z. Zero where Z is.

    Example:
        >>> Z = torch.tensor([[3.0, 0.0], [4.0, 1.0]])
        >>> (orthonormalizer(Z @ Z.mT, torch.tensor([0.0, 1.0])) @ Z.double()).round(decimals=3)
        tensor([[ 0.9700,  0.2430],
                [ 0.2430, -0.9700]], dtype=torch.float64)
    """
    gram, first = gram.double(), first.double()
    identity = torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
    sign = torch.where(first[..., :1] >= 0, 1.0, -1.0)
    normal = first + sign * identity[0]
    size = normal.square().sum(-1)[..., None, None]
    # I − 2wwᵀ/wᵀw maps `first` to −sign·e₁ and is symmetric, so its first row is −sign·first.
    reflection = -sign.unsqueeze(-1) * (identity - 2 * normal.unsqueeze(-1) * normal.unsqueeze(-2) / size)
    reflected = reflection @ gram @ reflection.mT
    squares = reflected.diagonal(dim1=-2, dim2=-1)
    inverse = torch.where(squares > 0, squares.clamp(min=torch.finfo(gram.dtype).tiny).rsqrt(), 0)
    shifts = torch.where(squares > 0, _SHIFT, 1.0)
    shifts[..., 0] = torch.where(squares[..., 0] > 0, 0.0, 1.0)
    equal = inverse.unsqueeze(-1) * reflected * inverse.unsqueeze(-2) + torch.diag_embed(shifts)
    factor, _ = torch.linalg.cholesky_ex(equal)
    return torch.linalg.solve_triangular(factor, inverse.unsqueeze(-1) * reflection, upper=False)


def start_block(v: Tensor, rows: int) -> Tensor:
    """A block that begins with a known direction; the others are the same every time, and follow nothing yet.

    Args:
        v: a unit vector (n,).
        rows: b ≤ n.

    Returns:
        Orthonormal rows, (b, n).
    """
    generator = torch.Generator().manual_seed(len(v))
    others = torch.randn(len(v), rows - 1, generator=generator, dtype=torch.float64).to(v)
    basis, triangle = torch.linalg.qr(torch.cat([v.unsqueeze(-1), others], dim=-1))
    return (basis * triangle.diagonal().sign()).mT.contiguous()


def seed_rows(v: Tensor, rows: int) -> Tensor:
    """Rows to begin anew with where there was nothing to follow.

    All but the first are short: a row that takes the place of a lost one is not orthogonal to the others, and at a
    millionth of their length that does not show in H, while the next iteration brings it to full length.

    Args:
        v: a unit vector (n,).
        rows: b ≤ n.

    Returns:
        (b, n).
    """
    block = start_block(v, rows)
    block[1:] *= 1e-6
    return block
