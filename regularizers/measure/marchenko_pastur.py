"""What of a weight's spectrum a random matrix would have, as WeightWatcher finds it."""

import math

import torch
from torch import Tensor

_BANDWIDTH = 0.1
_POINTS = 1000
_DENSITY = 0.01  # where the estimated density is less, the fit does not look
_BEYOND = 0.5
_COARSE = (0.05, 2.0, 0.01)  # first, last and step of the σ tried, relative to the one whose bulk would end at λ₁
_FINER = 5  # times as fine is each further round
_ROUNDS = 5


def marchenko_pastur(values: Tensor, fan_out: int, fan_in: int) -> dict[str, Tensor]:
    """The bulk of the λ = σ² by the law of Marchenko and Pastur, and what lies outside.

    The λ are scaled to mean 1. With Q = max(fan)/min(fan) ≥ 1, entries of variance s²/max(fan) would give them the
    density √((b−λ)(λ−a)) Q / (2π s² λ) between a, b = s²(1 ∓ 1/√Q)². s is what makes it nearest to the λ's own
    density in squares: an estimate with a triangular kernel of width 0.1, at 1000 points from 0 to λ₁ + ½, where it
    exceeds 0.01; of bulks that hold the density's peak. For square matrices (Q = 1) that is done with the σ and
    √(4−σ²) / (π s²). Definitions of WeightWatcher 0.7.5.5 on a weight matrix.

    Args:
        values: σ, (…, r), descending, float64.
        fan_out: rows of the matrix.
        fan_in: its columns.

    Returns:
        By name, each (…): mp_softrank = b/λ₁, and num_spikes, how many λ exceed b + √(b^⅔ M^−⅔ / √Q), M = min(fan).
        NaN where no bulk fits, and for zero matrices.

    Example:
        >>> generator = torch.Generator().manual_seed(0)
        >>> weight = torch.randn(300, 900, generator=generator, dtype=torch.float64)
        >>> weight[:1] *= 10  # one direction that stands out
        >>> marchenko_pastur(torch.linalg.svdvals(weight), 300, 900)["num_spikes"]
        tensor(1., dtype=torch.float64)
    """
    small, large = sorted((fan_out, fan_in))
    q = large / small
    squares = values.square()
    scaled = squares / squares.mean(-1, keepdim=True)
    top = scaled[..., 0]
    fitted = scaled.sqrt() if q == 1 else scaled
    points, density = _density(fitted)
    scale = _quarter_circle_scale(points, density) if q == 1 else _scale(points, density, top, q)
    edge = (scale * (1 + q**-0.5)).square()
    beyond = edge + (edge ** (2 / 3) * small ** (-2 / 3) / q**0.5).sqrt()
    spikes = (scaled > beyond.unsqueeze(-1)).sum(-1).to(values)
    return {"mp_softrank": edge / top, "num_spikes": spikes.where(edge.isfinite(), torch.nan)}


def _density(values: Tensor) -> tuple[Tensor, Tensor]:
    """Points (…, p), and at each the density of the values (…, r) by a triangular kernel."""
    points = (values[..., :1] + _BEYOND) * torch.linspace(0, 1, _POINTS, dtype=values.dtype)
    ascending = values.flip(-1).contiguous()
    sums = torch.nn.functional.pad(ascending.cumsum(-1), (1, 0))

    def ramps(at: Tensor) -> Tensor:  # Σ max(0, t − value): the kernel is its second difference
        below = torch.searchsorted(ascending, at.contiguous(), right=True)
        return below * at - sums.gather(-1, below)

    kernels = ramps(points + _BANDWIDTH) - 2 * ramps(points) + ramps(points - _BANDWIDTH)
    return points, kernels / (values.shape[-1] * _BANDWIDTH**2)


def _quarter_circle_scale(points: Tensor, density: Tensor) -> Tensor:
    """The s of square matrices: their density is linear in 1/s², and least squares have a closed form."""
    seen = density > _DENSITY
    circle = (4 - points.square()).clamp(min=0).sqrt() * seen / math.pi
    return ((density * circle).sum(-1) / circle.square().sum(-1)).rsqrt()


def _scale(points: Tensor, density: Tensor, top: Tensor, q: float) -> Tensor:
    """The s of others by a search on a grid, and on finer and finer ones around the best of it."""
    first, last, step = _COARSE
    unit = top.sqrt() / (1 + q**-0.5)
    tried = torch.arange(first, last, step, dtype=points.dtype) * unit.unsqueeze(-1)
    bulks = _is_bulk(tried, points, density, q).reshape(-1, tried.shape[-1]).any(0)
    if not bool(bulks.any()):
        return torch.full_like(top, torch.nan)
    tried = tried[..., bulks]  # mostly the fewest, and the law of each is computed at every point
    width = step * unit
    for _ in range(1 + _ROUNDS):
        misfit, best = _misfit(tried, points, density, q).min(-1)
        scale = tried.gather(-1, best.unsqueeze(-1))
        tried = scale + torch.arange(-_FINER, _FINER + 1, dtype=points.dtype) * (width / _FINER).unsqueeze(-1)
        width = width / _FINER
    return scale.squeeze(-1).where(misfit.isfinite(), torch.nan)


def _misfit(scales: Tensor, points: Tensor, density: Tensor, q: float) -> Tensor:
    """Squared differences (…, k) of the law of each scale (…, k) from the density, infinite where it is no bulk."""
    seen = density > _DENSITY
    variance = scales.square()
    low, high = variance * (1 - q**-0.5) ** 2, variance * (1 + q**-0.5) ** 2
    x, variance = points.unsqueeze(-2), variance.unsqueeze(-1)
    under = (high.unsqueeze(-1) - x) * (x - low.unsqueeze(-1))
    law = under.clamp_(min=0).sqrt_() * (q / (2 * math.pi)) / (variance * x.clamp(min=torch.finfo(x.dtype).tiny))
    misfit = ((law - density.unsqueeze(-2)) * seen.unsqueeze(-2)).square_().sum(-1)
    return misfit.where(_is_bulk(scales, points, density, q), torch.inf)


def _is_bulk(scales: Tensor, points: Tensor, density: Tensor, q: float) -> Tensor:
    """Whether the bulk of each scale (…, k) holds the density's peak and ends where values are still seen."""
    peak = points.gather(-1, density.argmax(-1, keepdim=True))
    last = points.where(density > _DENSITY, 0).amax(-1, keepdim=True)
    variance = scales.square()
    low, high = variance * (1 - q**-0.5) ** 2, variance * (1 + q**-0.5) ** 2
    return (high >= peak) & (high <= last) & (low <= peak)
