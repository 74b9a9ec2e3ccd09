"""The leading singular triplets of many matrices at once: for directions, of which a few tell most."""

import torch
from torch import Tensor

from regularizers.polar import widened

TOLERANCE = 1e-5
"""Residual ‖AAᵀu − σ²u‖ / σ₁² at which a triplet is taken as found."""

_SMALL = 128  # a matrix with a side of so many is decomposed whole, which is faster than to iterate
_EXTRA = 6  # rows of the block beyond those asked for: the error shrinks by the gap to the first value left out
_DEPTH = 6  # products with AAᵀ from one restart to the next
_RESTARTS = 60
_NOISE = 1e-12  # share of a column that must lie outside the basis, to be told from rounding


def top_triplets(matrix: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """The first singular values and vectors, by restarted block Krylov iteration from a fixed start.

    From a block X of unit columns the space spanned by X, GX, …, Gᵈ X, with G = AAᵀ of the smaller side, is built
    orthonormally, the best vectors in it are taken (Rayleigh–Ritz; Saad 2011, *Numerical Methods for Large Eigenvalue
    Problems*, chapter 6), and the next cycle starts from those. Nothing is carried from one call to another, so that
    equal matrices have equal triplets. Small matrices are decomposed whole.

    Where singular values coincide, as in an orthogonal weight, any orthonormal vectors of their space are leading
    ones. A matrix that is not finite has NaN.

    Args:
        matrix: A, (…, m, n), real.
        count: k ≥ 1; at most min(m, n) are there.

    Returns:
        U (…, m, k), σ (…, k) descending and V (…, n, k), in float64, with k at most min(m, n). A value of zero has zero
        for one of its vectors.

    Example:
        >>> U, s, V = top_triplets(torch.diag(torch.tensor([1.0, 3.0, 2.0])), 2)
        >>> s
        tensor([3., 2.], dtype=torch.float64)
    """
    tall = matrix.shape[-2] > matrix.shape[-1]
    wide = widened(matrix.mT if tall else matrix)
    batch, (m, n) = wide.shape[:-2], wide.shape[-2:]
    count = min(count, m)
    flat = wide.reshape(-1, m, n)
    finite = flat.isfinite().all(-1).all(-1)
    safe = torch.where(finite[:, None, None], flat, 0)
    left = _whole(safe, count) if m <= max(_SMALL, (count + _EXTRA) * (_DEPTH + 1)) else _krylov(safe.double(), count)
    right = safe.mT.double() @ left
    sigma = torch.linalg.vector_norm(right, dim=-2)
    right = right / torch.where(sigma > 0, sigma, 1).unsqueeze(-2)
    left, sigma, right = (torch.where(finite.view(-1, *[1] * (x.ndim - 1)), x, torch.nan) for x in (left, sigma, right))
    left, sigma, right = (x.reshape(*batch, *x.shape[1:]) for x in (left, sigma, right))
    return (right, sigma, left) if tall else (left, sigma, right)


def _whole(matrix: Tensor, count: int) -> Tensor:
    """The leading left vectors (b, m, k) from a whole decomposition of AAᵀ."""
    wide = matrix.double()
    _, vectors = torch.linalg.eigh(wide @ wide.mT)
    return vectors.flip(-1)[..., :count]


def _krylov(matrix: Tensor, count: int) -> Tensor:
    """The leading left vectors (b, m, k), each matrix until all of its own have converged."""
    b, m, _ = matrix.shape
    generator = torch.Generator().manual_seed(m)
    start = torch.randn(m, count + _EXTRA, generator=generator, dtype=torch.float64).to(matrix)
    block = torch.linalg.qr(start).Q.expand(b, -1, -1).contiguous()
    found = matrix.new_zeros(b, m, count, dtype=torch.float64)
    open_ = torch.arange(b, device=matrix.device)
    for _ in range(_RESTARTS):
        block, converged = _cycle(matrix[open_], block, count)
        found[open_] = block[..., :count].double()
        block, open_ = block[~converged], open_[~converged]
        if not len(open_):
            break
    return found


def _cycle(matrix: Tensor, block: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """One restart: the block's best successor in its Krylov space, and for which matrices it is good enough."""
    basis, images = [block], [matrix @ (matrix.mT @ block)]
    for _ in range(_DEPTH):
        basis.append(_extension(torch.cat(basis, dim=-1), images[-1]))
        images.append(matrix @ (matrix.mT @ basis[-1]))
    space, image = torch.cat(basis, dim=-1), torch.cat(images, dim=-1)
    projected = space.mT.double() @ image.double()
    values, coordinates = torch.linalg.eigh((projected + projected.mT) / 2)
    values, coordinates = values.flip(-1)[..., : block.shape[-1]], coordinates.flip(-1)[..., : block.shape[-1]]
    best = space @ coordinates.to(space)
    errors = image.double() @ coordinates[..., :count] - best[..., :count].double() * values[..., None, :count]
    largest = torch.linalg.vector_norm(errors, dim=-2).amax(-1)
    return torch.linalg.qr(best).Q, largest <= TOLERANCE * values[..., 0]


def _extension(basis: Tensor, new: Tensor) -> Tensor:
    """Orthonormal columns that span what new columns bring beyond an orthonormal basis; zero where they bring nothing.

    What is left of a column that lay in the basis is rounding noise: no length that it is given makes it orthogonal.
    """
    before = torch.linalg.vector_norm(new, dim=-2)
    new, triangle = torch.linalg.qr(new - basis @ (basis.mT @ new))
    brought = triangle.diagonal(dim1=-2, dim2=-1).abs() > _NOISE * before
    new = torch.linalg.qr(new - basis @ (basis.mT @ new)).Q  # once leaves rounding errors behind, twice is enough
    return new * brought.unsqueeze(-2)
