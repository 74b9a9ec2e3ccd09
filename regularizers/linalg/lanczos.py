"""The largest eigenvalue of a map that is known by its products alone."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from regularizers.linalg.decomposition import eigenpairs

TOLERANCE = 1e-5
"""Relative residual ‖Gx − θx‖ / θ at which an eigenvalue θ of G = AᵀA is taken as found. σ = √θ is then within half of
it, relatively, of a singular value; that it is the largest no finite number of products can prove."""

VECTOR_TOLERANCE = 1e-4
"""Relative residual at which an eigenvector is taken as found, where an iteration is to begin with it."""

_CHECKED = 8  # so many steps, or this part of all, lie between two looks at the residual: each makes a GPU wait
_STEPS = 500


def start_vector(length: int, like: Tensor) -> Tensor:
    """A unit vector without preferred direction, the same every time, drawn from a generator of its own.

    Args:
        length: its length, which is also its seed.
        like: gives dtype and device.

    Returns:
        (length,).
    """
    generator = torch.Generator().manual_seed(length)
    vector = torch.randn(length, generator=generator, dtype=torch.float64)
    return (vector / torch.linalg.vector_norm(vector)).to(like)


def largest_eigenvalue(
    gram: Callable[[Tensor], Tensor], start: Tensor, *, tolerance: float = TOLERANCE
) -> tuple[float, str]:
    """The largest eigenvalue of a positive semidefinite map, by Lanczos' iteration without restart.

    After k steps it is that of a tridiagonal matrix T_k, the best value in span{x, Gx, …, G^(k−1)x}, and the residual
    is read off T_k. Only the last two vectors are held. They lose their orthogonality, which lets values appear in T_k
    more than once, but none beyond those of G, up to rounding (Paige 1980,
    https://doi.org/10.1016/0024-3795(80)90167-6). A random start makes it unlikely that the largest is
    missed, however close the next one is: k steps miss a relative ε with probability at most 1.65 √n e^(−(2k−1)√ε)
    (Kuczyński and Woźniakowski 1992, https://doi.org/10.1137/0613066).

    Args:
        gram: x ↦ Gx on vectors of one length. Its values should be near 1: they are squared.
        start: a unit vector (n,).
        tolerance: the relative residual at which to stop.

    Returns:
        θ, never above the largest by more than rounding, NaN where the map is not finite; and the routine,
        ``"lanczos"``, after a colon what was wrong where it did not converge.

    Example:
        >>> value, routine = largest_eigenvalue(lambda x: torch.tensor([2.0, 1.0]) * x, torch.tensor([0.6, 0.8]))
        >>> round(value, 5), routine
        (2.0, 'lanczos')
    """
    before, x, norm = torch.zeros_like(start), start, start.new_zeros(())
    diagonal: list[Tensor] = []
    beside: list[Tensor] = []
    theta, looked = math.nan, 0
    for step in range(1, _STEPS + 1):
        image = gram(x) - norm * before
        diagonal.append(image @ x)
        image = image - diagonal[-1] * x
        norm = torch.linalg.vector_norm(image)
        beside.append(norm)
        before, x = x, image / norm.clamp(min=torch.finfo(norm.dtype).tiny)  # zero in an invariant subspace
        if step >= looked + max(_CHECKED, step // _CHECKED) or step in {len(start), _STEPS}:
            looked = step
            a, b = torch.stack(diagonal).double().cpu(), torch.stack(beside).double().cpu()
            if not bool(a.isfinite().all() and b.isfinite().all()):
                return math.nan, "lanczos"
            theta, residual = _ritz(a, b)
            if math.isnan(theta):
                return theta, "lanczos: none converged"
            if residual <= tolerance * theta:
                return theta, "lanczos"
    return theta, f"lanczos: not converged in {_STEPS} steps"


def _ritz(a: Tensor, b: Tensor) -> tuple[float, float]:
    """The largest eigenvalue of T_k, from its diagonal and what stands beside it, and the norm of its residual."""
    values, vectors = eigenpairs(torch.diag(a) + torch.diag(b[:-1], 1) + torch.diag(b[:-1], -1))
    return max(float(values[0]), 0.0), abs(float(vectors[-1, 0] * b[-1]))


def top_eigenpair(
    gram: Callable[[Tensor], Tensor],
    start: Tensor,
    *,
    tolerance: float = VECTOR_TOLERANCE,
    basis: int = 24,
    cycles: int = 100,
) -> tuple[Tensor, Tensor]:
    """The largest eigenvalue of a positive semidefinite map and its vector, by restarted Lanczos iterations.

    Each cycle builds an orthonormal basis of span{x, Gx, …, G^(basis−1)x}, takes the best vector in it
    (Rayleigh–Ritz), and starts the next cycle from there. Where plain power iteration needs hundreds of
    products to tell clustered values apart, this needs tens. It reads numbers from tensors: not for use
    inside a step.

    Args:
        gram: x ↦ Gx on vectors of one length.
        start: a unit vector (n,).
        tolerance: the relative residual at which to stop.
        basis: vectors held at once, and as many images.
        cycles: after so many the best found so far is returned.

    Returns:
        θ, a scalar, never above the largest eigenvalue (up to rounding), and a unit vector (n,).
    """
    x = start
    for _ in range(cycles):
        vectors, images = _krylov(gram, x, basis)
        if not images.isfinite().all():
            return images.new_full((), torch.nan), start
        eigenvalues, coordinates = eigenpairs(vectors @ images.mT)
        theta, best = eigenvalues[0].clamp(min=0), coordinates[:, 0]
        x = best @ vectors
        residual = torch.linalg.vector_norm(best @ images - theta * x)
        if residual <= tolerance * theta:
            break
    return theta, x / torch.linalg.vector_norm(x)


def _krylov(gram: Callable[[Tensor], Tensor], start: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """An orthonormal Krylov basis (k, n), k ≤ size, and its images under the map (k, n)."""
    vectors, images = start.unsqueeze(0), gram(start).unsqueeze(0)
    while len(vectors) < min(size, len(start)):
        new = images[-1]
        for _ in range(2):  # once leaves rounding errors behind, twice is enough
            new = new - (vectors @ new) @ vectors
        norm = torch.linalg.vector_norm(new)
        if not norm > torch.finfo(new.dtype).eps * torch.linalg.vector_norm(images[-1]):
            break  # the basis spans an invariant subspace: nothing more can be found from this start
        vectors = torch.cat([vectors, (new / norm).unsqueeze(0)])
        images = torch.cat([images, gram(vectors[-1]).unsqueeze(0)])
    return vectors, images
