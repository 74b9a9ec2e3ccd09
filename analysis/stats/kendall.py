"""How well one quantity orders what another does: Kendall's rank correlation."""

from collections.abc import Hashable, Sequence

import numpy as np
import scipy.stats
from numpy.typing import NDArray

from analysis.stats.arrays import FloatArray, equally_long, matrix, vector
from analysis.stats.bootstrap import DRAWS, multiplicities
from analysis.stats.interval import Estimate
from analysis.stats.order import by_unit, signs, untied
from analysis.stats.units import around, chunks, counting, over_resamples


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
    equally_long(measure=vector("measure", measure), outcome=vector("outcome", outcome))
    rows = np.asarray(measure, dtype=np.float64)[None]
    (found,) = kendall_taus(rows, outcome, units=units, confidence=confidence, draws=draws, seed=seed)
    return found


def kendall_taus(
    measures: FloatArray,
    outcome: Sequence[float] | FloatArray,
    *,
    units: Sequence[Hashable] | None = None,
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[Estimate, ...]:
    """`kendall_tau` of many measures with one outcome, each as if it were alone.

    The resamples, and what the outcome says of every pair, are the same for all measures.

    Args:
        measures: shape ``(measures, trials)``; NaN where a trial has no value.
        outcome: of the same trials.
        units: as `kendall_tau` takes them.
        confidence: the probability of covering, between 0 and 1.
        draws: how many resamples.
        seed: of the resamples.

    Returns:
        One a measure.

    Raises:
        ValueError: if measures are no matrix, or measures, outcome and units are not equally long.
    """
    x, y = matrix("measures", measures, "(measures, trials)"), vector("outcome", outcome)
    equally_long(measures=x.T, outcome=y)
    found: dict[int, Estimate] = {}
    for one in counting(x, y, units):
        there, n = one.there, one.n
        order = np.flatnonzero(there)[np.argsort(one.unit, kind="stable")]  # units stand together
        found |= dict.fromkeys(one.numbers, Estimate(value=np.nan, low=np.nan, high=np.nan, n=n))
        varied = [number for number in one.numbers if len(order) > 1 and np.ptp(x[number, order]) and np.ptp(y[order])]
        first = np.flatnonzero(np.diff(np.sort(one.unit), prepend=-1))
        for some in chunks(varied, max(draws, n) * n):
            values = [scipy.stats.kendalltau(x[number, there], y[there]).statistic for number in some]
            resampled = _resampled(x[some][:, order], y[order], first, multiplicities(n, draws, seed))
            for number, value, drawn in zip(some, values, resampled, strict=True):
                found[number] = around(float(value), drawn, n=n, confidence=confidence)
    return tuple(found[number] for number in range(len(x)))


def _resampled(measures: FloatArray, outcome: FloatArray, first: NDArray[np.intp], times: FloatArray) -> FloatArray:
    """Return τ of each measure and resample, NaN where it holds no pair that differs: shape ``(measures, draws)``."""
    other = signs(outcome)
    agree = over_resamples(times, np.stack([by_unit(signs(one) * other, first) for one in measures]))
    left = over_resamples(times, np.stack([untied(one, first) for one in measures]))
    both = left * over_resamples(times, untied(outcome, first)[None])
    return np.asarray(agree / np.sqrt(np.where(both > 0, both, np.nan)))
