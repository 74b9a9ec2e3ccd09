"""Slow, exact twins of the fast routines: float64, dense, one step at a time."""

import math
from collections.abc import Sequence

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


def mapped_singular_values(matrix: Tensor, steps: Sequence[tuple[float, float, float]]) -> Tensor:
    """U f(Σ/‖Σ‖) Vᵀ, f the odd quintics one after the other: what Newton–Schulz steps compute without an SVD."""
    U, s, Vh = torch.linalg.svd(matrix.double().flatten(1), full_matrices=False)
    s = s / torch.linalg.vector_norm(s)
    for a, b, c in steps:
        s = a * s + b * s**3 + c * s**5
    return (U * s @ Vh).view(matrix.shape)


def at_unit_spectral_norm(matrix: Tensor) -> Tensor:
    """G / ‖G‖₂."""
    return matrix.double() / dense_singular_values(matrix)[0]


class MeanGradient:
    """The running mean of one parameter's gradients, from zero, as Muon and Scion take it."""

    def __init__(self, momentum: float, nesterov: bool = False) -> None:
        self.momentum, self.nesterov = momentum, nesterov
        self.mean: Tensor | float = 0.0

    def after(self, gradient: Tensor) -> Tensor:
        self.mean = self.momentum * self.mean + (1 - self.momentum) * gradient.double()
        return self.momentum * self.mean + (1 - self.momentum) * gradient.double() if self.nesterov else self.mean


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
