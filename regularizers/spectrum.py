"""Singular values, norms and leading singular vectors: pure functions of tensors.

Also the door to the polar factor (``polar.py``) and the caps (``caps.py``).

Matrices may have leading batch dimensions (…, m, n). Nothing here draws from torch's global random state.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from regularizers.linalg.caps import hard_cap as hard_cap
from regularizers.linalg.caps import soft_cap as soft_cap
from regularizers.linalg.decomposition import svd_values
from regularizers.linalg.lanczos import start_vector, top_eigenpair
from regularizers.linalg.linear_map import check_view, flatten, frequencies, transfer
from regularizers.linalg.padded_norm import padded_norm
from regularizers.linalg.polar import JIACHENG as JIACHENG
from regularizers.linalg.polar import polar_factor as polar_factor
from regularizers.linalg.polar import widened

_CHUNK = 2**24  # entries of transfer matrices held at once: 128 MB in complex64, whatever the image's size


def svdvals(matrix: Tensor) -> Tensor:
    """Singular values, descending, by a routine that does not give up.

    See ``decomposition.svd_values``, which also says what it fell back to.

    Args:
        matrix: (…, m, n), real or complex; half precision is computed in float32.

    Returns:
        (…, min(m, n)), real.

    Example:
        >>> svdvals(torch.diag(torch.tensor([1.0, 3.0, 2.0])))
        tensor([3., 2., 1.])
    """
    values, _ = svd_values(matrix)
    return values


def singular_values(weight: Tensor, view: str = "flat", input_size: tuple[int, int] | None = None) -> Tensor:
    """All singular values of a weight, seen as a linear map.

    Flat: those of the matrix Co × (Ci·kh·kw). Circular: those of the stride-1 convolution on an h × w image
    with wrap-around borders, which are the singular values of its transfer matrices at all h·w frequencies
    (Sedghi, Gupta and Long 2018, https://arxiv.org/abs/1805.10408); exact for every kernel and image size.
    For kernels of k × k taps σ_flat ≤ σ_circular ≤ k·σ_flat, where the image is not smaller than the kernel.
    A view that is unknown or does not fit the weight is refused with a ``ValueError``.

    Args:
        weight: a matrix (m, n) or a kernel (Co, Ci, kh, kw), with at most one batch dimension before it.
        view: ``"flat"`` or ``"circular"``. (``"padded"`` has no affordable spectrum: see ``spectral_norm``.)
        input_size: (h, w), for the circular view.

    Returns:
        (…, min(m, n)) or (…, h·w·min(Co, Ci)), descending.

    Example:
        >>> kernel = torch.ones(1, 1, 2, 1)  # y[i] = x[i] + x[i + 1]
        >>> singular_values(kernel)
        tensor([1.4142])
        >>> singular_values(kernel, "circular", input_size=(2, 1)).round(decimals=6)
        tensor([2., 0.])
    """
    check_view(weight, view, input_size, views=("flat", "circular"))
    if view == "flat":
        return svdvals(flatten(weight))
    assert input_size is not None
    weight = widened(weight)
    points, multiplicity = frequencies(input_size)
    count = max(1, _CHUNK // weight[..., 0, 0].numel())
    parts = [svdvals(transfer(weight, chunk)) for chunk in points.split(count)]
    values = torch.cat(parts, dim=-2).repeat_interleave(multiplicity.to(weight.device), dim=-2)
    return values.flatten(-2).sort(dim=-1, descending=True).values


def spectral_norm(
    weight: Tensor,
    view: str = "flat",
    input_size: tuple[int, int] | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
) -> float:
    """The largest singular value of a weight, seen as a linear map.

    Flat and circular are exact. Padded is the map the network computes, known by its products alone
    (convolution and transposed convolution, as in Ryu et al. 2019, https://arxiv.org/abs/1905.05894):
    Lanczos' method in float64 from a fixed start, below it by ``padded_norm.NORM_ERROR`` at most. It never
    overshoots. Always σ_padded ≤ σ of the same kernel unstrided. A view that is unknown or does not fit the
    weight is refused with a ``ValueError``.

    Args:
        weight: a matrix (m, n) or a kernel (Co, Ci, kh, kw).
        view: ``"flat"``, ``"circular"`` or ``"padded"``.
        input_size: (h, w), for the circular and the padded view.
        stride: the layer's; only the padded view depends on it, the circular view is the unstrided map.
        padding: the layer's; only the padded view depends on it.

    Returns:
        σ₁. Reading it makes a GPU wait, so this is for measuring, not for training steps.

    Example:
        >>> spectral_norm(torch.ones(1, 1, 2, 1), "padded", input_size=(2, 1))  # y = x[0] + x[1]
        1.4142135623730951
    """
    check_view(weight, view, input_size)
    if view != "padded":
        return float(singular_values(weight, view, input_size).max())
    assert input_size is not None
    value, _ = padded_norm(weight.detach().double(), input_size, stride, padding)
    return value


def top_triplet(matrix: Tensor, v: Tensor, iterations: int) -> tuple[Tensor, Tensor, Tensor]:
    """The leading singular triplet by power iteration from a known right vector.

    One iteration is u ← Wv/‖Wv‖, v ← Wᵀu/‖Wᵀu‖, and σ = ‖Wᵀu‖ = uᵀWv. Hence Wᵀu = σv holds exactly, σ ≤ σ₁
    always, and a singular value lies within ‖Wv − σu‖ of σ. Started from the vector of the step before, one
    iteration is enough to follow a weight that changes little (Miyato et al. 2018,
    https://arxiv.org/abs/1802.05957).

    A zero matrix has no direction: then u = 0, σ = 0, and v is kept. No value becomes NaN.

    Args:
        matrix: W, (…, m, n).
        v: unit vectors, (…, n).
        iterations: how many, at least 1.

    Returns:
        u (…, m), σ (…), v (…, n).

    Example:
        >>> u, sigma, v = top_triplet(torch.diag(torch.tensor([3.0, 1.0])), torch.tensor([0.6, 0.8]), 20)
        >>> round(sigma.item(), 6), u.round(decimals=6), v.round(decimals=6)
        (3.0, tensor([1., 0.]), tensor([1., 0.]))
    """
    return power_iteration(lambda x: _product(matrix, x), lambda y: _product(matrix.mT, y), v, iterations)


def power_iteration(
    forward: Callable[[Tensor], Tensor], adjoint: Callable[[Tensor], Tensor], v: Tensor, iterations: int
) -> tuple[Tensor, Tensor, Tensor]:
    """The leading singular triplet by power iteration of a linear map that is known by its products alone.

    Args:
        forward: x ↦ Ax.
        adjoint: y ↦ Aᵀy.
        v: unit vectors, (…, n).
        iterations: how many, at least 1.

    Returns:
        u (…, m), σ (…), v (…, n), as ``top_triplet`` gives them.
    """
    assert iterations >= 1
    for _ in range(iterations):
        u, _ = _unit(forward(v))
        direction, sigma = _unit(adjoint(u))
        v = torch.where(sigma.unsqueeze(-1) > 0, direction, v)
    return u, sigma, v


def leading_direction(matrix: Tensor) -> Tensor:
    """The leading right singular vector of one matrix, from a fixed start: where warm starts begin.

    Args:
        matrix: (m, n).

    Returns:
        A unit vector (n,).
    """
    start = start_vector(matrix.shape[1], matrix)
    _, v = top_eigenpair(lambda x: matrix.mT @ (matrix @ x), start, cycles=8)
    return v


def _product(matrix: Tensor, vector: Tensor) -> Tensor:
    # For one matrix the matrix-vector routine is faster than a product with a one-column matrix.
    return matrix @ vector if matrix.ndim == 2 else (matrix @ vector.unsqueeze(-1)).squeeze(-1)


def _unit(vector: Tensor) -> tuple[Tensor, Tensor]:
    """A vector over its norm (zero where the norm is zero), and the norm."""
    norm = torch.linalg.vector_norm(vector, dim=-1)
    return vector / norm.unsqueeze(-1).clamp(min=torch.finfo(vector.dtype).tiny), norm
