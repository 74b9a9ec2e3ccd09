"""How well one quantity orders what another does: Kendall's rank correlation."""

from collections.abc import Hashable, Sequence

import numpy as np
import scipy.stats

from analysis.stats.arrays import FloatArray, equally_long, vector
from analysis.stats.bootstrap import DRAWS, multiplicities
from analysis.stats.interval import Estimate
from analysis.stats.units import around, by_unit, codes


def kendall_tau(
    measure: Sequence[float] | FloatArray,
    outcome: Sequence[float] | FloatArray,
    *,
    units: Sequence[Hashable] | None = None,
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Estimate:
    r"""Kendall's :math:`\tau_b` and its bootstrap interval.

    With :math:`x_{ij} = \operatorname{sign}(x_i - x_j)` it is :math:`\sum_{ij} x_{ij} y_{ij} \,/\,
    \sqrt{\sum_{ij} x_{ij}^2 \sum_{ij} y_{ij}^2}` (Kendall, "The treatment of ties in ranking problems", 1945). A
    trial that a resample holds twice is tied with itself and drops out of all three sums. The interval is Student's
    t around the bootstrap's standard error, cut at ±1.

    Args:
        measure: shape ``(trials,)``; NaN where a trial has no value.
        outcome: of the same trials.
        units: what each trial belongs to of that which was drawn independently: trials of one common draw under
            several conditions are no independent evidence, and are resampled together. None takes each trial.
        confidence: the probability of covering, between 0 and 1. Measured at 95 % with 8 … 120 normal pairs of
            correlation 0 … 0.9: 95 … 98 %.
        draws: how many resamples.
        seed: of the resamples.

    Returns:
        The correlation, ``n`` being the number of units; NaN where one of the two is constant.

    Raises:
        ValueError: if measure, outcome and units are not equally long.

    Example:
        >>> found = kendall_tau([1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 4.0])  # 5 pairs agree, 1 does not
        >>> round(found.value, 4)
        0.6667
    """
    x, y = vector("measure", measure), vector("outcome", outcome)
    equally_long(measure=x, outcome=y)
    there = ~(np.isnan(x) | np.isnan(y))
    unit = codes(units, there)
    x, y = x[there], y[there]
    n = len(np.unique(unit))
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return Estimate(value=np.nan, low=np.nan, high=np.nan, n=n)
    value = float(scipy.stats.kendalltau(x, y).statistic)
    dx, dy = np.sign(x[:, None] - x), np.sign(y[:, None] - y)
    times = multiplicities(n, draws, seed)
    agree, left, right = (_pairs(times, by_unit(one, unit)) for one in (dx * dy, dx**2, dy**2))
    drawn = agree / np.sqrt(np.where(left * right > 0, left * right, np.nan))
    return around(value, drawn, n=n, confidence=confidence)


def _pairs(times: FloatArray, sums: FloatArray) -> FloatArray:
    """Sum over the pairs of each resample: shape ``(draws,)``."""
    return np.asarray(np.einsum("du,du->d", times @ sums, times))
