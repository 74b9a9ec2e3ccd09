"""Gram matrices of a kernel's transfer matrices, from products of its taps."""

import math
from typing import Protocol

import torch
from torch import Tensor

from regularizers.linalg.decomposition import lower_gram
from regularizers.linalg.linear_map import transfer


class Grams(Protocol):
    """From frequencies to the Gram matrices of one kernel's transfer matrices there."""

    def __call__(self, points: Tensor, *, real: bool) -> Tensor:
        """Return the matrices (f, m, m), m the fewer of the channels; only the lower triangles are meant.

        Args:
            points: (f, 2), in cycles a sample.
            real: whether each is its own mirror image, where transfer matrices are real: then float64, else complex128.
        """


def transfer_grams(weight: Tensor, count: int) -> Grams:
    """The Gram matrices T Tᴴ of a kernel's transfer matrices T(f, g) = Σ_a exp(−2πi (f, g)·a) K_a.

    T Tᴴ = Σ_d exp(−2πi (f, g)·d) C_d, where C_d = Σ_a K_{a+d} K_aᵀ is real, belongs to the distance d of two taps, and
    is the transpose of C_{−d}. So the products of matrices are those of pairs of taps, however many frequencies there
    are; each frequency is a sum of C_d ± C_dᵀ with cosines and sines. At few frequencies their own products cost less.

    Args:
        weight: (Co, Ci, kh, kw), in float64. Its channels are exchanged where there are fewer inputs, which changes no
            singular value of T.
        count: at how many frequencies they are wanted.

    Returns:
        The function from frequencies to matrices.

    Example:
        >>> kernel, points = torch.randn(3, 4, 3, 2).double(), torch.rand(5, 2).double()
        >>> matrices = transfer(kernel, points)
        >>> lower = (matrices @ matrices.mH).tril()
        >>> [torch.allclose(transfer_grams(kernel, f)(points, real=False).tril(), lower) for f in (1, 1000)]
        [True, True]
    """
    if weight.shape[0] > weight.shape[1]:
        weight = weight.transpose(0, 1)
    taps = weight.shape[2:].numel()
    # In products m²·n of real numbers: a pair of taps takes one, half a complex product two.
    return _of_frequencies(weight) if taps * (taps + 1) / 2 >= 2 * count else _of_distances(weight)


def _of_frequencies(weight: Tensor) -> Grams:
    def grams(points: Tensor, *, real: bool) -> Tensor:
        matrices = transfer(weight, points)
        return lower_gram(matrices.real.contiguous() if real else matrices)

    return grams


def _of_distances(weight: Tensor) -> Grams:
    distances, products = _products_by_distance(weight)
    even, odd = products + products.mT, products - products.mT
    even[0] = products[0]  # distance 0 is its own mirror image

    def grams(points: Tensor, *, real: bool) -> Tensor:
        angles = -2 * math.pi * (points.to(weight) @ distances.mT)
        matrices = angles.cos() @ even.flatten(1)
        if not real:
            matrices = torch.complex(matrices, angles.sin() @ odd.flatten(1))
        return matrices.unflatten(-1, even.shape[1:])

    return grams


def _products_by_distance(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Distances (d, 2) of two taps, one of each mirrored pair and (0, 0) first, and their C_d (d, m, m)."""
    kh, kw = weight.shape[2:]
    distances = [(p, q) for p in range(kh) for q in range(1 - kw if p else 0, kw)]
    products = []
    for p, q in distances:
        later = weight[:, :, p:, max(q, 0) : kw + min(q, 0)]
        sooner = weight[:, :, : kh - p, max(-q, 0) : kw - max(q, 0)]
        products.append(later.flatten(1) @ sooner.flatten(1).mT)
    return torch.tensor(distances).to(weight), torch.stack(products)
