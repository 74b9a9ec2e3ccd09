"""Slow, exact twins of the fast routines: float64, dense, one step at a time."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor


def dense_singular_values(matrix: Tensor) -> Tensor:
    """Singular values, descending, from the full decomposition."""
    return torch.linalg.svd(matrix.double().flatten(1), full_matrices=False).S


def circular_matrix(kernel: Tensor, input_size: tuple[int, int]) -> Tensor:
    """The whole matrix of a stride-1 convolution with wrap-around borders, entry by entry."""
    co, ci, kh, kw = kernel.shape
    h, w = input_size
    matrix = torch.zeros(co, h, w, ci, h, w, dtype=torch.float64)
    for y in range(h):
        for x in range(w):
            for a in range(kh):
                for b in range(kw):  # += and not =: a kernel larger than the image meets a pixel twice
                    matrix[:, y, x, :, (y + a) % h, (x + b) % w] += kernel[:, :, a, b].double()
    return matrix.view(co * h * w, ci * h * w)


def padded_matrix(kernel: Tensor, input_size: tuple[int, int], stride: int, padding: int) -> Tensor:
    """The whole matrix of a strided, zero-padded convolution, entry by entry."""
    co, ci, kh, kw = kernel.shape
    h, w = input_size
    out_h, out_w = ((n + 2 * padding - k) // stride + 1 for n, k in ((h, kh), (w, kw)))
    matrix = torch.zeros(co, out_h, out_w, ci, h, w, dtype=torch.float64)
    for y in range(out_h):
        for x in range(out_w):
            for a in range(kh):
                for b in range(kw):
                    row, column = y * stride + a - padding, x * stride + b - padding
                    if 0 <= row < h and 0 <= column < w:
                        matrix[:, y, x, :, row, column] += kernel[:, :, a, b].double()
    return matrix.view(co * out_h * out_w, ci * h * w)


def fan_ratio_norm(weight: Tensor, scale: float) -> float:
    """σ* = scale · √(fan_out / fan_in), fans of the flattened weight."""
    rows, columns = weight.flatten(1).shape
    return scale * math.sqrt(rows / columns)


def unchanged(weight: Tensor, lr: float) -> Tensor:
    """What ``none`` and every pure penalty do to a weight outside the loss."""
    return weight.double()


def decayed(weight: Tensor, lr: float, *, strength: float) -> Tensor:
    """Decoupled decay: W − lr·λ·W."""
    return weight.double() - lr * strength * weight.double()


def top_scaled(weight: Tensor, lr: float, *, scale: float) -> Tensor:
    """The same singular vectors, the first singular value set to σ*; a zero weight stays zero."""
    if not weight.any():
        return weight.double()
    U, s, Vh = torch.linalg.svd(weight.double().flatten(1), full_matrices=False)
    s[0] = fan_ratio_norm(weight, scale)
    return (U * s @ Vh).view(weight.shape)


def normalized(weight: Tensor, lr: float, *, scale: float) -> Tensor:
    """σ* · V / σ₁(V); a zero weight stays zero."""
    if not weight.any():
        return weight.double()
    return weight.double() * fan_ratio_norm(weight, scale) / dense_singular_values(weight)[0]


def no_penalty(weight: Tensor) -> float:
    """What is added to the loss by a method without a penalty."""
    return 0.0


def half_squared_size(weight: Tensor, *, strength: float) -> float:
    """(λ/2) Σ wᵢⱼ²."""
    return 0.5 * strength * weight.double().square().sum().item()


def half_squared_norm(weight: Tensor, *, strength: float) -> float:
    """(λ/2) σ₁²."""
    return 0.5 * strength * dense_singular_values(weight)[0].item() ** 2


def size_scaled(weight: Tensor, lr: float, *, scale: float) -> Tensor:
    """The weight on a sphere of another radius; here from the weight that the method was attached to."""
    return scale * weight.double()


def top_decayed(weight: Tensor, lr: float, *, strength: float) -> Tensor:
    """The same singular vectors, the first singular value times 1 − λ."""
    U, s, Vh = torch.linalg.svd(weight.double().flatten(1), full_matrices=False)
    s[0] *= 1 - strength
    return (U * s @ Vh).view(weight.shape)


def projected(weight: Tensor, lr: float, *, bound: float) -> Tensor:
    """W / max(1, σ₁ / bound)."""
    return weight.double() / max(1.0, dense_singular_values(weight)[0].item() / bound)


def constant_norm(weight: Tensor, bound: float) -> float:
    """The bound itself, whatever the weight's shape."""
    return bound


def in_turn(weight: Tensor, lr: float, *, twins: Sequence[Callable[[Tensor, float], Tensor]]) -> Tensor:
    """One twin after the other."""
    for twin in twins:
        weight = twin(weight, lr)
    return weight
