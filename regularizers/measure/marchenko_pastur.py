"""What of a weight's spectrum a random matrix would have, as WeightWatcher finds it."""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from regularizers.measure.missing import EQUAL, ZERO, Obstacle, Obstacles, any_of
from regularizers.measure.sizes import all_equal

_BANDWIDTH = 0.1
_POINTS = 1000
_DENSITY = 0.01  # where the estimated density is less, the fit does not look
_BEYOND = 0.5
_COARSE = (0.05, 2.0, 0.01)  # first, last and step of the σ tried, relative to the one whose bulk would end at λ₁
_FINER = 5  # times as fine is each further round
_ROUNDS = 5


def marchenko_pastur(values: Tensor, fan_out: int, fan_in: int, tolerance: float = 0.0) -> dict[str, Tensor]:
    """The bulk of the λ = σ² by the law of Marchenko and Pastur, and what lies outside.

    The λ are scaled to mean 1. With Q = max(fan)/min(fan) ≥ 1, entries of variance s²/max(fan) would give them the
    density √((b−λ)(λ−a)) Q / (2π s² λ) between a, b = s²(1 ∓ 1/√Q)². s is what makes it nearest to the λ's own
    density in squares: an estimate with a triangular kernel of width 0.1, at 1000 points from 0 to λ₁ + ½, where it
    exceeds 0.01; of bulks that hold the density's peak. For square matrices (Q = 1) that is done with the σ and
    √(4−σ²) / (π s²). Where no bulk holds the peak, s is the smallest that is tried, whose bulk ends at λ₁/400: what is
    left then says that the λ have no bulk. Definitions of WeightWatcher 0.7.7 on a weight matrix.

    Args:
        values: σ, (…, r), descending, float64.
        fan_out: rows of the matrix.
        fan_in: its columns.
        tolerance: relative to σ₁, at which ``all_equal`` takes differences for rounding.

    Returns:
        By name, each (…): mp_softrank = b/λ₁, and num_spikes, how many λ exceed b + √(b^⅔ M^−⅔ / √Q), M = min(fan).
        NaN where ``marchenko_pastur_obstacles`` says why.

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
    hindered = any_of(marchenko_pastur_obstacles(values, tolerance)["mp_softrank"])
    edge = (scale * (1 + q**-0.5)).square().where(~hindered, torch.nan)
    beyond = edge + (edge ** (2 / 3) * small ** (-2 / 3) / q**0.5).sqrt()
    spikes = (scaled > beyond.unsqueeze(-1)).sum(-1).to(values)
    return {"mp_softrank": edge / top, "num_spikes": spikes.where(edge.isfinite(), torch.nan)}


def marchenko_pastur_obstacles(values: Tensor, tolerance: float) -> Obstacles:
    """What leaves a matrix without a bulk's edge.

    Args:
        values: σ, (…, r), descending.
        tolerance: as for ``marchenko_pastur``.

    Returns:
        Obstacles by measure.
    """
    obstacles = [
        Obstacle(why=ZERO, where=values[..., 0] == 0),
        Obstacle(why=EQUAL, where=all_equal(values, tolerance)),
    ]
    return dict.fromkeys(("mp_softrank", "num_spikes"), obstacles)


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
    seen = _Seen.of(points, density, q)
    tried = torch.arange(first, last, step, dtype=points.dtype) * unit.unsqueeze(-1)
    bulks = seen.bulks(tried)
    some = bulks.reshape(-1, tried.shape[-1]).any(0)
    if not bool(some.any()):
        return first * unit
    # Mostly the fewest, and the law of each is computed at every point: in float32, which may take a neighbour for the
    # best, among whose surroundings the best still is.
    scale, _ = seen.in_float32().best(tried[..., some])
    width = step * unit
    for _ in range(_ROUNDS):
        tried = scale + torch.arange(-_FINER, _FINER + 1, dtype=points.dtype) * (width / _FINER).unsqueeze(-1)
        scale, _ = seen.best(tried)
        width = width / _FINER
    return scale.squeeze(-1).where(bulks.any(-1), first * unit)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Seen:
    """The points λ (…, 1, p) at which a density is compared with the law, and what of it the comparison takes.

    With y = √((b−λ)(λ−a)) / λ the law is c·y, and Σ(c y − density)² = c²Σy² − 2cΣ(y·density) + a constant: two products
    of a matrix with a vector.
    """

    q: float
    points: Tensor
    reciprocal_squares: Tensor
    ratios: Tensor
    peak: Tensor
    last: Tensor

    @classmethod
    def of(cls, points: Tensor, density: Tensor, q: float) -> "_Seen":
        """From all points (…, p) and the density there."""
        seen = density > _DENSITY
        some = seen.reshape(-1, points.shape[-1]).any(0).nonzero()
        where = slice(int(some.min()), int(some.max()) + 1) if len(some) else slice(0, 1)
        reciprocals = torch.where(seen & (points > 0), 1 / points, 0)[..., where].unsqueeze(-1)
        return cls(
            q=q,
            points=points[..., where].unsqueeze(-2),
            reciprocal_squares=reciprocals.square(),
            ratios=reciprocals * density[..., where].unsqueeze(-1),
            peak=points.gather(-1, density.argmax(-1, keepdim=True)),
            last=points.where(seen, 0).amax(-1, keepdim=True),
        )

    def in_float32(self) -> "_Seen":
        points, squares, ratios = self.points.float(), self.reciprocal_squares.float(), self.ratios.float()
        return replace(self, points=points, reciprocal_squares=squares, ratios=ratios)

    def bulks(self, scales: Tensor) -> Tensor:
        """Whether the bulk of each scale (…, k) holds the density's peak and ends where values are still seen."""
        low, high = self._ends(scales)
        return (high >= self.peak) & (high <= self.last) & (low <= self.peak)

    def best(self, scales: Tensor) -> tuple[Tensor, Tensor]:
        """The scale (…, 1) of those tried (…, k) whose law lies nearest to the density, and its misfit.

        The misfit is that without the constant, and infinite where no scale is a bulk.
        """
        low, high = (end.unsqueeze(-1).to(self.points) for end in self._ends(scales))
        under = (high - self.points).mul_(self.points - low).clamp_(min=0)
        squares = (under @ self.reciprocal_squares).squeeze(-1)
        products = (under.sqrt_() @ self.ratios).squeeze(-1)
        c = self.q / (2 * math.pi) / scales.square()
        misfit, place = (c * (c * squares - 2 * products)).where(self.bulks(scales), torch.inf).min(-1, keepdim=True)
        return scales.gather(-1, place), misfit

    def _ends(self, scales: Tensor) -> tuple[Tensor, Tensor]:
        """The law's a and b."""
        variance = scales.square()
        return variance * (1 - self.q**-0.5) ** 2, variance * (1 + self.q**-0.5) ** 2
