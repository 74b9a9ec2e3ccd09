"""Singular values by routines that do not give up: which one found them is part of the answer."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from regularizers.linalg.polar import widened

UNFOUND = "none converged"
"""How the name of a routine ends that stands for no values at all."""

_PANEL = 96  # rows of a Gram matrix that one product computes: few enough to leave half out,
_WIDE_PANEL = 192  # and, of one with more than a thousand rows, enough to be fast
_COLUMNS = 1024  # that are multiplied at once


def svd_values(matrix: Tensor) -> tuple[Tensor, str]:
    """Singular values, descending, by the singular value decomposition.

    Where the batched routine does not converge (a GPU may fail on repeated singular values, which are just what
    orthogonal and capped weights have), another driver is tried, then float64 on the CPU, matrix by matrix. A matrix
    that is not finite has NaN for singular values; it spoils no other matrix of its batch.

    Args:
        matrix: (…, m, n), real or complex; half precision is computed in float32.

    Returns:
        Values (…, min(m, n)), real, and the routine: ``"svd"``, after a colon what helped where it did not converge.

    Example:
        >>> svd_values(torch.diag(torch.tensor([1.0, 3.0, 2.0])))
        (tensor([3., 2., 1.]), 'svd')
    """
    return _first_that_converges("svd", [("svd", torch.linalg.svdvals)], widened(matrix))


def gram_values(matrix: Tensor) -> tuple[Tensor, str]:
    """Singular values of matrices of float32 and less, in half the time: σ = √λ of the smaller Gram matrix.

    The Gram matrix is taken in float64, where products of float32 numbers are exact, and λ errs by a few times its
    eps: an error of about 10⁻⁸ σ₁ where σ is near zero, and less elsewhere. A float32 decomposition errs by 10⁻⁷ σ₁,
    so nothing is lost; for float64 matrices it would be, and they are decomposed.

    Args:
        matrix: (…, m, n), real or complex.

    Returns:
        Values (…, min(m, n)), float64, descending, and the routine: ``"gram"``, or ``"svd"`` for float64 matrices.

    Example:
        >>> gram_values(torch.tensor([[3.0, 0.0, 0.0], [0.0, 0.0, 2.0]]))
        (tensor([3., 2.], dtype=torch.float64), 'gram')
    """
    if matrix.dtype in {torch.float64, torch.complex128}:
        return svd_values(matrix)
    values = _by_gram(matrix)  # of finite matrices, nearly all, without a pass that looks for what is not
    if values is not None:
        return values, "gram"
    wide = matrix.to(_accurate(matrix))
    return _first_that_converges("gram", [("gram", _by_gram), ("svd", torch.linalg.svdvals)], wide)


def root_eigenvalues(gram: Tensor) -> Tensor | None:
    """Square roots of the eigenvalues of Gram matrices, descending, from their lower triangles.

    Args:
        gram: (…, n, n), Hermitian and positive semidefinite up to rounding, float64 or complex128.

    Returns:
        (…, n), float64; None where the routine does not converge.
    """
    try:
        eigenvalues = torch.linalg.eigvalsh(gram)
    except RuntimeError:  # LinAlgError is one, and so is what a GPU's library says
        return None
    return eigenvalues.clamp(min=0).sqrt().flip(-1) if bool(eigenvalues.isfinite().all()) else None


def eigenpairs(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues, descending, and eigenvectors of real symmetric matrices, by routines that do not give up.

    Where the batched routine does not converge each matrix is decomposed alone, in float64 on the CPU.

    Args:
        matrix: (…, n, n), from its lower triangles, finite.

    Returns:
        Values (…, n), and vectors in the columns (…, n, n); NaN where nothing converges.

    Example:
        >>> eigenpairs(torch.diag(torch.tensor([1.0, 3.0])))[0]
        tensor([3., 1.])
    """
    try:
        values, vectors = torch.linalg.eigh(matrix)
    except RuntimeError:  # LinAlgError is one, and so is what a GPU's library says
        alone = [_eigenpairs_alone(gram) for gram in matrix.reshape(-1, *matrix.shape[-2:])]
        values = torch.stack([values for values, _ in alone]).view(matrix.shape[:-1]).to(matrix)
        vectors = torch.stack([vectors for _, vectors in alone]).view(matrix.shape).to(matrix)
    return values.flip(-1), vectors.flip(-1)


def _eigenpairs_alone(matrix: Tensor) -> tuple[Tensor, Tensor]:
    wide = matrix.double().cpu()
    try:
        values, vectors = torch.linalg.eigh(wide)
    except RuntimeError:  # LinAlgError is one, and so is what a GPU's library says
        return wide[0] * torch.nan, wide * torch.nan
    return values, vectors


def in_unit(tensor: Tensor) -> tuple[Tensor, float]:
    """A tensor over its largest entry, so that no square of an entry over- or underflows, and that entry's size.

    Args:
        tensor: of any shape.

    Returns:
        The quotient, and max |entry|; the tensor itself where that is 0 or NaN.

    Example:
        >>> in_unit(torch.tensor([-4.0, 2.0]))
        (tensor([-1.0000,  0.5000]), 4.0)
    """
    size = float(tensor.abs().amax())
    return (tensor / size if size > 0 else tensor), size


def lower_gram(matrix: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """The product A Aᴴ on and below its diagonal, in half its time.

    Above the diagonal stand some of its entries and some zeros; routines for Hermitian matrices read below it.

    Args:
        matrix: A, (…, m, n).
        dtype: to multiply in; the matrix's own without it. Some columns are converted at a time, which a core keeps in
            its cache.

    Returns:
        (…, m, m).

    Example:
        >>> A = torch.arange(6.0).view(2, 3)
        >>> lower_gram(A).tril().equal((A @ A.mT).tril())
        True
    """
    *batch, m, n = matrix.shape
    flat = matrix.reshape(-1, m, n)
    panel = _PANEL if m <= 1000 else _WIDE_PANEL
    gram = torch.zeros(len(flat), m, m, dtype=dtype or matrix.dtype, device=matrix.device)
    for part in flat.split(_COLUMNS, dim=-1):
        columns = part.to(gram.dtype)
        for i in range(0, m, panel):
            gram[:, i:, i : i + panel].baddbmm_(columns[:, i:], columns[:, i : i + panel].mH)
    return gram.view(*batch, m, m)


def _accurate(matrix: Tensor) -> torch.dtype:
    return torch.complex128 if matrix.is_complex() else torch.float64


def _by_gram(matrix: Tensor) -> Tensor | None:
    gram = lower_gram(matrix.mH if matrix.shape[-2] > matrix.shape[-1] else matrix, _accurate(matrix))
    # What is not finite shows on the diagonal, of which float32 cannot overflow; routines may loop on it.
    return root_eigenvalues(gram) if bool(gram.diagonal(dim1=-2, dim2=-1).isfinite().all()) else None


Routine = Callable[[Tensor], Tensor | None]


def _first_that_converges(first: str, routines: Sequence[tuple[str, Routine]], matrix: Tensor) -> tuple[Tensor, str]:
    """The values by the first routine that converges, and its name, after that of the first if it is another."""
    # One pass tells of nearly all: what has a finite sum is finite. (Of finite numbers a sum may still overflow.)
    finite = matrix.sum((-2, -1)).isfinite()
    if not bool(finite.all()):
        finite = matrix.isfinite().flatten(-2).all(-1)
    # Routines may raise on NaN, and loop on infinity.
    decomposed = matrix if bool(finite.all()) else torch.where(finite[..., None, None], matrix, 0)
    more: list[tuple[str, Routine]] = [("gesvd", _by_gesvd)] if matrix.is_cuda else []
    for name, routine in [*routines, *more, ("float64 on the CPU", _one_by_one)]:
        try:
            values = routine(decomposed)
        except RuntimeError:  # LinAlgError is one, and so is what a GPU's library says
            continue
        if values is not None and bool(values.isfinite().all()):
            return values.where(finite.unsqueeze(-1), torch.nan), name if name == first else f"{first}: {name}"
    nothing = matrix.real.new_full((*matrix.shape[:-2], min(matrix.shape[-2:])), torch.nan)
    return nothing, f"{first}: {UNFOUND}"


def _by_gesvd(matrix: Tensor) -> Tensor:
    return torch.linalg.svdvals(matrix, driver="gesvd")


def _one_by_one(matrix: Tensor) -> Tensor:
    """The last resort: each matrix alone, in float64 on the CPU."""
    *batch, rows, columns = matrix.shape
    values = [torch.linalg.svdvals(alone.to(_accurate(matrix))) for alone in matrix.reshape(-1, rows, columns).cpu()]
    return torch.stack(values).view(*batch, -1).to(matrix.device, matrix.real.dtype)
