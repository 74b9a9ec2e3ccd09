"""How parametrizations make a weight, each from what it stores."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

_PARALLEL = 0.5
"""Cosine above which u is taken for a left singular vector. By chance it is near 1/√rows; after some steps, near 1."""

Parts = Mapping[str, Tensor]


@dataclass(frozen=True, kw_only=True, eq=False)
class Made:
    """A weight that is made, step by step, from the parts of its parametrizations.

    Attributes:
        weight: as far as it is made.
        outputs: the dimension of the outputs, where a parametrization tells.
        sure: whether that is more than a guess.
    """

    weight: Tensor
    outputs: int | None = None
    sure: bool = True


def two_part_weight(parts: Parts) -> Made | None:
    """Make a weight of weight normalization's two originals, W = g·V/‖V‖.

    Args:
        parts: with ``original0``, g, and ``original1``, V, and none besides.

    Returns:
        The weight; None where there is another number of originals, or the first is no g of the second: others store
        two, too.
    """
    originals = {name for name in parts if name.startswith("original")}
    if originals != {"original0", "original1"}:
        return None
    g, v = parts["original0"], parts["original1"]
    constant = [dim for dim in range(v.ndim) if g.ndim != v.ndim or g.shape[dim] == 1]
    norms = torch.linalg.vector_norm(v, dim=constant, keepdim=True)
    return Made(weight=v * (g.view_as(norms) / norms)) if g.numel() == norms.numel() else None


def _row_normalized(made: Made, parts: Parts) -> Made:
    v = made.weight
    norms = torch.linalg.vector_norm(v.flatten(1), dim=1)
    factors = parts["g"].view_as(norms) / torch.where(norms > 0, norms, 1)  # a zero row stays zero
    return Made(weight=v * factors.view(-1, *[1] * (v.ndim - 1)), outputs=made.outputs, sure=made.sure)


def _spectrally_normalized(made: Made, parts: Parts) -> Made:
    """W = V / uᵀVv, V seen as a matrix with that dimension first of which u is a left singular vector.

    torch takes the second dimension in transposed convolutions, or any that it is told; sizes tell which only where
    they differ.

    Raises:
        IndexError: u and v fit no dimension.
    """
    v, left, right = made.weight, parts["_u"].flatten(), parts["_v"].flatten()
    fitting = [dim for dim in range(v.ndim) if v.shape[dim] == len(left) and v.numel() == len(left) * len(right)]
    likeness = {dim: _likeness(v, dim, left, right) for dim in fitting}
    if not fitting or not torch.linalg.vector_norm(left.double()) > 0:
        raise IndexError("u and v fit no dimension")
    best = max(fitting, key=likeness.__getitem__)
    sure = len(fitting) == 1 or likeness[best] > _PARALLEL
    outputs = best if sure else fitting[0]
    sigma = left.double() @ (_matrix(v, outputs).double() @ right.double())
    return Made(weight=v / sigma.to(v.dtype), outputs=outputs, sure=sure)


def _likeness(weight: Tensor, dim: int, left: Tensor, right: Tensor) -> float:
    """The cosine of the angle between u and Wv, or v and Wᵀu if that is larger: an iteration ends at one of both."""
    matrix = _matrix(weight, dim).double()
    u, v = left.double(), right.double()
    cosines = [torch.cosine_similarity(u, matrix @ v, dim=0), torch.cosine_similarity(v, matrix.mT @ u, dim=0)]
    return max((float(cosine) for cosine in cosines if cosine.isfinite()), default=0.0)


def _matrix(weight: Tensor, dim: int) -> Tensor:
    return weight.movedim(dim, 0).flatten(1)


RECIPES: Mapping[frozenset[str], Callable[[Made, Parts], Made]] = {
    frozenset({"g"}): _row_normalized,
    frozenset({"_u", "_v"}): _spectrally_normalized,
}
"""By what a parametrization stores."""
