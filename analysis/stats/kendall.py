"""How well one quantity orders what another does: Kendall's rank correlation."""

import math
from collections.abc import Hashable, Sequence

import numpy as np
import scipy.stats
from numpy.typing import NDArray

from analysis.stats.arrays import FloatArray, equally_long, matrix, vector
from analysis.stats.bootstrap import DRAWS, multiplicities
from analysis.stats.interval import Estimate
from analysis.stats.order import Signs, by_unit, signs, untied
from analysis.stats.units import around, chunks, codes, counting, over_resamples


def kendall_tau(
    measure: Sequence[float] | FloatArray,
    outcome: Sequence[float] | FloatArray,
    *,
    units: Sequence[Hashable] | None = None,
    strata: Sequence[Hashable] | None = None,
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Estimate:
    r"""Kendall's :math:`\tau_b` and its bootstrap interval.

    With :math:`x_{ij} = \operatorname{sign}(x_i - x_j)` it is :math:`\sum_{ij} x_{ij} y_{ij} \,/\,
    \sqrt{\sum_{ij} x_{ij}^2 \sum_{ij} y_{ij}^2}` (Kendall, "The treatment of ties in ranking problems", 1945). A
    trial that a resample holds twice is tied with itself and drops out of all three sums. The interval is Student's
    t around the bootstrap's standard error, cut at ±1.

    With strata all sums run over the pairs of trials of one stratum alone: what merely tells strata apart has no
    share in it. Within architectures a measure is not rewarded for knowing the architecture.

    Args:
        measure: shape ``(trials,)``; NaN where a trial has no value.
        outcome: of the same trials.
        units: what each trial belongs to of that which was drawn independently: trials of one common draw under
            several conditions are no independent evidence, and are resampled together. None takes each trial.
        strata: what each trial belongs to of that within which alone trials are compared. None compares all.
        confidence: the probability of covering, between 0 and 1. Measured at 95 % with 8 … 120 normal pairs of
            correlation 0 … 0.9: 95 … 98 %. Within two
            strata of four conditions and 4 … 16 draws, the draws being the units: 92 … 100 %.
        draws: how many resamples.
        seed: of the resamples.

    Returns:
        The correlation, ``n`` being the number of units; NaN where one of the two is constant in every stratum.

    Raises:
        ValueError: if measure, outcome, units and strata are not equally long.

    Example:
        >>> found = kendall_tau([1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 4.0])  # 5 pairs agree, 1 does not
        >>> round(found.value, 4)
        0.6667
        >>> both = {"measure": [1.0, 2.0, 8.0, 9.0], "outcome": [2.0, 1.0, 9.0, 8.0]}  # all it knows is which half
        >>> round(kendall_tau(**both).value, 4), kendall_tau(**both, strata=[0, 0, 1, 1]).value
        (0.3333, -1.0)
    """
    equally_long(measure=vector("measure", measure), outcome=vector("outcome", outcome))
    rows = np.asarray(measure, dtype=np.float64)[None]
    (found,) = kendall_taus(rows, outcome, units=units, strata=strata, confidence=confidence, draws=draws, seed=seed)
    return found


def kendall_taus(
    measures: FloatArray,
    outcome: Sequence[float] | FloatArray,
    *,
    units: Sequence[Hashable] | None = None,
    strata: Sequence[Hashable] | None = None,
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
        strata: as `kendall_tau` takes them.
        confidence: the probability of covering, between 0 and 1.
        draws: how many resamples.
        seed: of the resamples.

    Returns:
        One a measure.

    Raises:
        ValueError: if measures are no matrix, or measures, outcome, units and strata are not equally long.
    """
    x, y = matrix("measures", measures, "(measures, trials)"), vector("outcome", outcome)
    equally_long(measures=x.T, outcome=y)
    found: dict[int, Estimate] = {}
    for same in counting(x, y, units):
        there, n = same.there, same.n
        order = np.flatnonzero(there)[np.argsort(same.unit, kind="stable")]  # units stand together
        found |= dict.fromkeys(same.numbers, Estimate(value=np.nan, low=np.nan, high=np.nan, n=n))
        stratum = None if strata is None else codes(strata, there)[np.argsort(same.unit, kind="stable")]
        values = {number: _tau(x[number, order], y[order], stratum) for number in same.numbers}
        varied = [number for number, value in values.items() if not np.isnan(value)]
        first = np.flatnonzero(np.diff(np.sort(same.unit), prepend=-1))
        for some in chunks(varied, max(draws, n) * n):
            resampled = _resampled(x[some][:, order], y[order], first, multiplicities(n, draws, seed), stratum)
            for number, drawn in zip(some, resampled, strict=True):
                found[number] = around(values[number], drawn, n=n, confidence=confidence)
    return tuple(found[number] for number in range(len(x)))


def _tau(measure: FloatArray, outcome: FloatArray, stratum: NDArray[np.intp] | None) -> float:
    """Return τ, NaN where no two trials of a stratum differ in the measure, or none in the outcome."""
    if len(measure) < 2 or not np.ptp(measure) or not np.ptp(outcome):
        return np.nan
    if stratum is None:
        return float(scipy.stats.kendalltau(measure, outcome).statistic)
    x, y = (_within(signs(values), stratum) for values in (measure, outcome))
    left, right = (float((pairs**2).sum(dtype=np.float64)) for pairs in (x, y))
    return float((x * y).sum(dtype=np.float64)) / math.sqrt(left * right) if left and right else np.nan


def _within(pairs: Signs, stratum: NDArray[np.intp] | None) -> Signs:
    """Keep the pairs of trials of one stratum: the others count as tied."""
    return pairs if stratum is None else np.where(stratum[:, None] == stratum, pairs, np.float32(0.0))


def _resampled(
    measures: FloatArray,
    outcome: FloatArray,
    first: NDArray[np.intp],
    times: FloatArray,
    stratum: NDArray[np.intp] | None,
) -> FloatArray:
    """Return τ of each measure and resample, NaN where it holds no pair that differs: shape ``(measures, draws)``."""
    other = _within(signs(outcome), stratum)
    agree = over_resamples(times, np.stack([by_unit(signs(measure) * other, first) for measure in measures]))
    left = over_resamples(times, np.stack([_differing(measure, first, stratum) for measure in measures]))
    both = left * over_resamples(times, _differing(outcome, first, stratum)[None])
    return np.asarray(agree / np.sqrt(np.where(both > 0, both, np.nan)))


def _differing(values: FloatArray, first: NDArray[np.intp], stratum: NDArray[np.intp] | None) -> FloatArray:
    """Count the pairs that differ, for every pair of units."""
    return untied(values, first) if stratum is None else by_unit(abs(_within(signs(values), stratum)), first)
