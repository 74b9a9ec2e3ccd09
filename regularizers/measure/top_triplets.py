"""The leading singular triplets of matrices: for directions, of which a few tell most."""

import math

import torch
from torch import Tensor

from regularizers.linalg.decomposition import eigenpairs, lower_gram
from regularizers.linalg.polar import widened

TOLERANCE = 1e-5
"""Residual ‖AAᵀu − σ²u‖ / σ₁² at which a triplet is taken as found."""

_WHOLE = 512  # a matrix with a side of so many is decomposed whole, which is faster than to iterate
_BLOCK = 64  # vectors iterated at once: the more, the larger the gap to the first value left out
_GROWTH = 1e4  # how much a filter may tell the first value from the last: float32 keeps the last exact to 10⁻³
_DEGREE = 32
_CYCLES = 60


def top_triplets(matrix: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """The first singular values and vectors, from a fixed start.

    Matrices with a side up to 512 are decomposed whole, in float64. Of larger ones G = AAᵀ of the smaller side is
    formed in their own precision, and a block of 64 vectors is iterated: a Chebyshev polynomial of G, small on [0, a]
    with a the block's last Ritz value, makes all beyond a grow, and the best vectors in the block's span are taken
    (Zhou, Saad, Tiago and Chelikowsky 2006, "Self-consistent-field calculations using Chebyshev-filtered subspace
    iteration"). Values that crowd, as at the edge of a random matrix, need a polynomial of high degree; values far
    apart one of low degree, since a block that grew too unevenly would lose its last vectors to rounding.

    Nothing is carried from one call to another: equal matrices have equal triplets. Where singular values coincide, as
    in an orthogonal weight, any orthonormal vectors of their space are leading ones. A matrix that is not finite has
    NaN.

    Args:
        matrix: A, (…, m, n), real.
        count: k, from 1 to 64; at most min(m, n) are there.

    Returns:
        U (…, m, k), σ (…, k) descending and V (…, n, k), in float64, with k at most min(m, n). A value of zero has zero
        for one of its vectors.

    Example:
        >>> U, s, V = top_triplets(torch.diag(torch.tensor([1.0, 3.0, 2.0])), 2)
        >>> s.round(decimals=5)
        tensor([3., 2.], dtype=torch.float64)
    """
    assert count <= _BLOCK, f"a block holds {_BLOCK} vectors, got {count}"
    tall = matrix.shape[-2] > matrix.shape[-1]
    wide = widened(matrix.mT if tall else matrix)
    batch, (m, n) = wide.shape[:-2], wide.shape[-2:]
    count = min(count, m)
    flat = wide.reshape(-1, m, n)
    size = flat.abs().amax((-2, -1), keepdim=True)
    finite = size.isfinite()
    # Relative to their largest entry no square over- or underflows.
    unit = torch.where(finite, flat, 0) / torch.where(finite & (size > 0), size, 1)
    left = _whole(unit, count) if m <= _WHOLE else torch.stack([_filtered(rows @ rows.mT, count) for rows in unit])
    right = (unit.mT @ left.to(unit)).double()
    sigma = torch.linalg.vector_norm(right, dim=-2)
    right = right / torch.where(sigma > 0, sigma, 1).unsqueeze(-2)
    sigma = sigma * size.squeeze(-1)
    left, sigma, right = (torch.where(finite.view(-1, *[1] * (x.ndim - 1)), x, torch.nan) for x in (left, sigma, right))
    left, sigma, right = (x.reshape(*batch, *x.shape[1:]) for x in (left, sigma, right))
    return (right, sigma, left) if tall else (left, sigma, right)


def _whole(matrix: Tensor, count: int) -> Tensor:
    """The leading left vectors (b, m, k) from a whole decomposition of AAᵀ."""
    return eigenpairs(lower_gram(matrix.double()))[1][..., :count]


def _filtered(gram: Tensor, count: int) -> Tensor:
    """The leading eigenvectors (m, k) of one Gram matrix (m, m), float64."""
    generator = torch.Generator().manual_seed(len(gram))
    start = torch.randn(len(gram), _BLOCK, generator=generator, dtype=torch.float64)
    block = torch.linalg.qr(start).Q.to(gram)
    for _ in range(_CYCLES):
        image = gram @ block
        values, coordinates = eigenpairs(block.mT @ image)
        vectors = block @ coordinates
        errors = image @ coordinates[:, :count] - vectors[:, :count] * values[:count]
        if not bool(torch.linalg.vector_norm(errors, dim=0).amax() > TOLERANCE * values[0]):
            break  # found; or NaN, where nothing converges
        block = torch.linalg.qr(_chebyshev(gram, vectors, float(values[-1]), float(values[0]))).Q
    return vectors[:, :count].double()


def _chebyshev(gram: Tensor, block: Tensor, last: float, first: float) -> Tensor:
    """T_d(2G/last − 1) times a block, of the degree d at which ``first`` grows by ``_GROWTH``."""
    grown = math.acosh(max(2 * first / last - 1, 1)) if last > 0 else math.inf
    degree = _DEGREE if grown == 0 else min(_DEGREE, int(math.acosh(_GROWTH) / grown))
    if degree < 2:
        return gram @ block
    before, now = block, (2 / last) * (gram @ block) - block
    for _ in range(degree - 1):
        before, now = now, (4 / last) * (gram @ now) - 2 * now - before
    return now
