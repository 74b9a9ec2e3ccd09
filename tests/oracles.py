"""Slow, exact twins of the fast routines: float64, dense, one step at a time."""

import math
from collections.abc import Callable, Sequence

import numpy as np
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


def with_values_mapped(weight: Tensor, mapped: Callable[[Tensor], Tensor]) -> Tensor:
    """The same singular vectors with other singular values."""
    U, s, Vh = torch.linalg.svd(weight.double().flatten(1), full_matrices=False)
    return (U * mapped(s) @ Vh).view(weight.shape)


def polar(matrix: Tensor) -> Tensor:
    """U Vᵀ over the singular values that are not zero."""
    return with_values_mapped(matrix, lambda s: (s > 1e-6 * s[0]).double())


def stiefel(weight: Tensor, lr: float, *, bound: float) -> Tensor:
    """The polar factor times bound · √(fan_out / fan_in)."""
    return fan_ratio_norm(weight, bound) * polar(weight)


def hard_capped(weight: Tensor, lr: float, *, bound: float) -> Tensor:
    """s ← min(s, bound · √(fan_out / fan_in))."""
    return with_values_mapped(weight, lambda s: s.clamp(max=fan_ratio_norm(weight, bound)))


def soft_cap_strength(bound: float, update: float) -> float:
    """The smallest real root ≥ 0 of −k⁹a⁴ + 3k⁷a³ − 3k⁵a² + k − bound, from the roots of the whole polynomial."""
    k = bound + update
    roots = np.roots([-(k**9), 3 * k**7, -3 * k**5, 0.0, k - bound])
    return min(root.real for root in roots if abs(root.imag) < 1e-9 * abs(root) and root.real >= 0)


def soft_capped(weight: Tensor, lr: float, *, bound: float, update_bound: float) -> Tensor:
    """p₂(p₁(s)) of a weight that is scaled down to its bound first, if it begins above it."""
    norm = fan_ratio_norm(weight, bound)
    a = soft_cap_strength(norm, lr * fan_ratio_norm(weight, update_bound))

    def capped(s: Tensor) -> Tensor:
        s = s * min(1.0, norm / max(s[0].item(), 1e-300))
        pressed = s - a * s**3
        return pressed + a * pressed**3

    return with_values_mapped(weight, capped)


def in_ball(weight: Tensor, lr: float, *, radius: float) -> Tensor:
    """W / max(1, RMS→RMS norm / radius)."""
    return projected(weight, lr, bound=fan_ratio_norm(weight, radius))


def stable_rank_capped(weight: Tensor, lr: float, *, fraction: float) -> Tensor:
    """The first singular value as it is, the others times one factor that makes ‖W‖²_F = q σ₁² where it was more."""

    def capped(s: Tensor) -> Tensor:
        cap, rest = max(1.0, fraction * len(s)), s[1:].square().sum().item()
        factor = math.sqrt((cap - 1) * s[0].item() ** 2 / rest) if rest > 0 else 1.0
        return torch.cat([s[:1], s[1:] * min(1.0, factor)])

    return with_values_mapped(weight, capped)


def operator_clipped(weight: Tensor, lr: float, *, bound: float, input_size: tuple[int, int]) -> Tensor:
    """Sedghi, Gupta and Long's own way: FFT of the padded kernel, SVD of each frequency, clip, inverse, crop."""
    if weight.ndim == 2:
        return with_values_mapped(weight, lambda s: s.clamp(max=bound))
    transform = torch.fft.fft2(weight.double(), s=input_size).permute(2, 3, 0, 1)
    U, s, Vh = torch.linalg.svd(transform, full_matrices=False)
    clipped = torch.fft.ifft2((U * s.clamp(max=bound).unsqueeze(-2) @ Vh).permute(2, 3, 0, 1)).real
    return clipped[..., : weight.shape[2], : weight.shape[3]]


def distance_from_orthogonal(weight: Tensor, *, strength: float) -> float:
    """λ Σ (s² − 1)², over the singular values of the smaller side."""
    return strength * (dense_singular_values(weight).square() - 1).square().sum().item()


def isometry_defect(weight: Tensor, *, strength: float) -> float:
    """λ max (s² − 1)²."""
    return strength * (dense_singular_values(weight).square() - 1).square().max().item()


def power_law(values: Tensor, few: int = 20) -> tuple[float, float]:
    """Exponent and distance of the best power law, one candidate after the other; corrected of fewer than ``few``."""
    data = sorted(s**2 for s in values.double().tolist() if s**2 > 1e-5)
    lost, shortest = (1, min(8, len(data))) if len(data) < few else (0, 2)
    best = (math.nan, math.inf)
    for i in range(len(data) - shortest + 1):
        tail = data[i:]
        n = len(tail)
        alpha = 1 + (n - lost) / sum(math.log(x / tail[0]) for x in tail)
        distance = max(abs(1 - (x / tail[0]) ** (1 - alpha) - j / n) for j, x in enumerate(tail))
        best = min(best, (alpha, distance), key=lambda fit: fit[1])
    return best
