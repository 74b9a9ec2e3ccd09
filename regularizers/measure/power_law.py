"""The power law in the tail of a weight's spectrum, as WeightWatcher fits it."""

import math

import torch
from torch import Tensor

from regularizers.measure.sizes import all_equal

FEWEST, MOST = 10, 15_000
"""How many singular values a weight must have, and may, to be fitted."""

_THRESHOLD = 1e-5  # of λ, absolute: smaller ones take no part in the fit
_ENTRIES = 2**17  # of the table of candidates and values held at once: what a core keeps in its cache


def power_law(values: Tensor, tolerance: float = 0.0) -> dict[str, Tensor]:
    """The power law p(λ) ∝ λ^−alpha that lies nearest to the λ = σ² above some λ_min, and numbers drawn from it.

    Every λ_i above 10⁻⁵ but the largest is tried for λ_min. With the n values from there on,
    alpha = 1 + n / Σ ln(λ_j/λ_min) is the likeliest exponent, and D the largest distance, at these values, of
    1 − (λ/λ_min)^(1−alpha) from the share of smaller values; the candidate of the smallest D is taken (Clauset, Shalizi
    and Newman 2009, https://arxiv.org/abs/0706.1062). Definitions and limits are those of WeightWatcher 0.7.5.5 on a
    weight matrix (Martin, Peng and Mahoney 2021, https://arxiv.org/abs/2002.06716). The 10⁻⁵ is absolute: a weight
    times a constant need not have the same alpha.

    Args:
        values: σ, (…, r), descending, float64.
        tolerance: relative to σ₁, at which ``all_equal`` takes differences for rounding. (An orthogonal weight in
            float32 would have an alpha of millions.)

    Returns:
        By name, each (…): alpha, D, alpha_weighted = alpha·log₁₀ λ₁, log_alpha_norm = log₁₀ Σλ^alpha over all λ, and
        log_spectral_norm = log₁₀ λ₁. NaN, or infinite, where there is no such number; of the fit where there are fewer
        than 10 values or more than 15,000, fewer than two above 10⁻⁵, or all are equal.

    Example:
        >>> quantiles = (torch.arange(1, 401).double() - 0.5) / 400
        >>> fit = power_law(quantiles.pow(-1 / 2).sqrt())  # λ of the density 2 λ⁻³
        >>> round(fit["alpha"].item(), 1), round(fit["D"].item(), 2)
        (3.0, 0.0)
    """
    logs = 2 * values.log()
    top = logs[..., 0]
    nan = torch.full_like(top, torch.nan)
    alpha, distance = nan, nan
    if FEWEST <= values.shape[-1] <= MOST:
        equal = all_equal(values, tolerance)
        alpha, distance = _fit(logs.flip(-1))
        exists = ~equal & ((logs > math.log(_THRESHOLD)).sum(-1) >= 2)
        alpha, distance = alpha.where(exists, nan), distance.where(exists, nan)
    return {
        "alpha": alpha,
        "D": distance,
        "alpha_weighted": alpha * top / math.log(10),
        "log_alpha_norm": (alpha.unsqueeze(-1) * logs).logsumexp(-1) / math.log(10),
        "log_spectral_norm": top / math.log(10),
    }


def _fit(logs: Tensor) -> tuple[Tensor, Tensor]:
    """Exponent and distance of the best candidate, from ascending ln λ (…, r)."""
    r = logs.shape[-1]
    counts = torch.arange(r, 0, -1, dtype=logs.dtype)  # values from each one on
    sums = logs.flip(-1).cumsum(-1).flip(-1)
    alphas = 1 + counts / (sums - counts * logs)
    distances = torch.ones_like(logs[..., :-1])
    step = max(1, _ENTRIES // logs.numel())
    for i in range(0, r - 1, step):
        chunk = slice(i, min(i + step, r - 1))
        distances[..., chunk] = _distances(logs[..., i:], alphas[..., chunk], counts[chunk])
    tried = (logs[..., :-1] > math.log(_THRESHOLD)) & (alphas[..., :-1] > 1)
    distance, best = distances.where(tried, 1.0).min(-1)
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
