"""The power law in the tail of a weight's spectrum, as WeightWatcher fits it."""

import math

import torch
from torch import Tensor

from regularizers.measure.missing import EQUAL, ZERO, Obstacle, Obstacles, any_of
from regularizers.measure.sizes import all_equal

FEWEST, MOST = 8, 15_000
"""How many singular values a weight must have, and may, to be fitted."""

FEWEST_0_7_5 = 10
"""How many singular values a weight must have to be fitted by the definitions before WeightWatcher 0.7.6."""

FEW = 20
"""With fewer λ than so many above 10⁻⁵ the exponent is corrected for its bias, and short tails are not tried."""

SHORTEST = 8
"""How many λ a tail must then have."""

_FITTED = ("alpha", "D", "alpha_weighted", "log_alpha_norm")
_THRESHOLD = 1e-5  # of λ, absolute: smaller ones take no part in the fit
_LEAST = 1e-12  # of Σ ln(λ_j/λ_min), where the exponent is corrected: a tail that has less has equal values
_ENTRIES = 2**17  # of the table of candidates and values held at once: what a core keeps in its cache


def power_law(values: Tensor, tolerance: float = 0.0) -> dict[str, Tensor]:
    """The power law p(λ) ∝ λ^−alpha that lies nearest to the λ = σ² above some λ_min, and numbers drawn from it.

    Every λ_i above 10⁻⁵ but the largest is tried for λ_min. With the n values from there on,
    alpha = 1 + n / Σ ln(λ_j/λ_min) is the likeliest exponent, and D the largest distance, at these values, of
    1 − (λ/λ_min)^(1−alpha) from the share of smaller values; the candidate of the smallest D is taken (Clauset, Shalizi
    and Newman 2009, https://arxiv.org/abs/0706.1062). Of fewer than 20 values above 10⁻⁵ the likeliest exponent is
    biased: there alpha = 1 + (n − 1) / Σ ln(λ_j/λ_min), and n is 8 at least; if they are fewer than 8, the smallest of
    them is λ_min.

    Definitions and limits are those of WeightWatcher 0.7.7 on a weight matrix (Martin, Peng and Mahoney 2021,
    https://arxiv.org/abs/2002.06716); ``power_law_0_7_5`` has the earlier ones. The 10⁻⁵ is absolute: a weight times a
    constant need not have the same alpha.

    Args:
        values: σ, (…, r), descending, float64.
        tolerance: relative to σ₁, at which ``all_equal`` takes differences for rounding. (An orthogonal weight in
            float32 would have an alpha of millions.)

    Returns:
        By name, each (…): alpha, D, alpha_weighted = alpha·log₁₀ λ₁, log_alpha_norm = log₁₀ Σλ^alpha over all λ, and
        log_spectral_norm = log₁₀ λ₁. NaN, or infinite, where there is no such number; of the fit where
        ``power_law_obstacles`` says why.

    Example:
        >>> quantiles = (torch.arange(1, 401).double() - 0.5) / 400
        >>> fit = power_law(quantiles.pow(-1 / 2).sqrt())  # λ of the density 2 λ⁻³
        >>> round(fit["alpha"].item(), 1), round(fit["D"].item(), 2)
        (3.0, 0.0)
    """
    return _power_law(values, tolerance, FEWEST, corrected=True)


def power_law_0_7_5(values: Tensor, tolerance: float = 0.0) -> dict[str, Tensor]:
    """The power law by the definitions of WeightWatcher up to 0.7.5: the likeliest exponent, however few the values.

    From 20 values above 10⁻⁵ on both are equal. A weight must have 10 values.

    Args:
        values: σ, (…, r), descending, float64.
        tolerance: as for ``power_law``.

    Returns:
        As ``power_law`` does.
    """
    return _power_law(values, tolerance, FEWEST_0_7_5, corrected=False)


def power_law_obstacles(values: Tensor, tolerance: float, fewest: int = FEWEST) -> Obstacles:
    """What leaves a matrix without a power law.

    Args:
        values: σ, (…, r), descending, float64.
        tolerance: as for ``power_law``.
        fewest: values that a weight must have.

    Returns:
        Obstacles by measure.
    """
    top, r = values[..., 0], values.shape[-1]
    zero = Obstacle(why=ZERO, where=top == 0)
    fit = [
        zero,
        Obstacle(why=f"there are fewer than {fewest} values", where=torch.full_like(top, r < fewest, dtype=torch.bool)),
        Obstacle(why=f"there are more than {MOST:,} values", where=torch.full_like(top, r > MOST, dtype=torch.bool)),
        Obstacle(why=EQUAL, where=all_equal(values, tolerance)),
        Obstacle(why="fewer than two σ² exceed 10⁻⁵", where=_above(2 * values.log()).sum(-1) < 2),
    ]
    return {**dict.fromkeys(_FITTED, fit), "log_spectral_norm": [zero]}


def _power_law(values: Tensor, tolerance: float, fewest: int, *, corrected: bool) -> dict[str, Tensor]:
    logs = 2 * values.log()
    top = logs[..., 0]
    alpha = distance = torch.full_like(top, torch.nan)
    if fewest <= values.shape[-1] <= MOST:
        alpha, distance = _fit(logs.flip(-1), corrected=corrected)
        hindered = any_of(power_law_obstacles(values, tolerance, fewest)["alpha"])
        # Where all values of every tail are equal, none has an exponent.
        exists = ~hindered & alpha.isfinite() & (distance < 1)
        alpha, distance = alpha.where(exists, torch.nan), distance.where(exists, torch.nan)
    return {
        "alpha": alpha,
        "D": distance,
        "alpha_weighted": alpha * top / math.log(10),
        "log_alpha_norm": (alpha.unsqueeze(-1) * logs).logsumexp(-1) / math.log(10),
        "log_spectral_norm": top / math.log(10),
    }


def _above(logs: Tensor) -> Tensor:
    return logs > math.log(_THRESHOLD)


def _fit(logs: Tensor, *, corrected: bool) -> tuple[Tensor, Tensor]:
    """Exponent and distance of the best candidate, from ascending ln λ (…, r)."""
    r = logs.shape[-1]
    counts = torch.arange(r, 0, -1, dtype=logs.dtype)  # values from each one on
    spreads = logs.flip(-1).cumsum(-1).flip(-1) - counts * logs  # Σ ln(λ_j/λ_i)
    above = _above(logs)
    there = above.sum(-1, keepdim=True)
    few = (there < FEW) & corrected
    alphas = 1 + (counts - few.to(counts)) / spreads
    shortest = torch.minimum(there, torch.full_like(there, SHORTEST))
    tried = above & (alphas > 1) & (~few | ((counts >= shortest) & (spreads > _LEAST)))
    distances = torch.ones_like(logs[..., :-1])
    step = max(1, _ENTRIES // logs.numel())
    for i in range(0, r - 1, step):
        chunk = slice(i, min(i + step, r - 1))
        distances[..., chunk] = _distances(logs[..., i:], alphas[..., chunk], counts[chunk])
    distance, best = distances.where(tried[..., :-1], 1.0).min(-1)
    return alphas.gather(-1, best.unsqueeze(-1)).squeeze(-1), distance


def _distances(logs: Tensor, alphas: Tensor, counts: Tensor) -> Tensor:
    """The distances of the first candidates (…, c) among ascending ln λ (…, s), the candidates and what follows."""
    candidates = alphas.shape[-1]
    fallen = logs.unsqueeze(-2) - logs[..., :candidates].unsqueeze(-1)  # (…, c, s): ln λ_j/λ_i
    # Where all that follow are equal alpha is infinite, and infinity times zero is to be zero.
    fallen.mul_((1 - alphas).clamp(min=-torch.finfo(logs.dtype).max).unsqueeze(-1)).exp_()
    places = torch.arange(logs.shape[-1], dtype=logs.dtype) - torch.arange(candidates, dtype=logs.dtype).unsqueeze(-1)
    fallen.add_(places.div(counts.unsqueeze(-1)).sub_(1)).abs_()  # |F(λ_j) − (j − i)/n|, up to its sign
    if candidates > 1:
        fallen[..., :candidates].masked_fill_(places[:, :candidates] < 0, 0)
    return fallen.amax(-1)
