"""Gram matrices of a kernel's transfer matrices, from products of its taps."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from regularizers.linear_map import transfer

Grams = Callable[[Tensor], Tensor]
"""From points (f, 2) in cycles a sample to Gram matrices (f, m, m), complex128, m the fewer of the channels."""


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
        >>> [torch.allclose(transfer_grams(kernel, f)(points), matrices @ matrices.mH) for f in (1, 1000)]
        [True, True]
    """
    if weight.shape[0] > weight.shape[1]:
        weight = weight.transpose(0, 1)
    taps = weight.shape[2:].numel()
    if taps * (taps + 1) >= 8 * count:  # flops over m²·n; a complex product is four real ones
        return lambda points: _squared(transfer(weight, points))
    distances, products = _products_by_distance(weight)
    even, odd = products + products.mT, products - products.mT
    even[0] = products[0]  # distance 0 is its own mirror image

    def grams(points: Tensor) -> Tensor:
        angles = -2 * math.pi * (points.to(weight) @ distances.mT)
        real, imaginary = angles.cos() @ even.flatten(1), angles.sin() @ odd.flatten(1)
        return torch.complex(real, imaginary).unflatten(-1, even.shape[1:])

    return grams


def _squared(matrices: Tensor) -> Tensor:
    return matrices @ matrices.mH


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
