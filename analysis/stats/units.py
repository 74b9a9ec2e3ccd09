"""Which trials are independent evidence: resampled together, or by themselves."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.stats.arrays import BoolArray, FloatArray
from analysis.stats.bootstrap import widened
from analysis.stats.interval import Estimate


def codes(labels: Sequence[Hashable] | None, there: BoolArray) -> NDArray[np.intp]:
    """Number what trials belong to, in the order in which it first occurs.

    Args:
        labels: one a trial; None tells every trial from every other.
        there: which of them count.

    Returns:
        Whole numbers from 0, shape ``(trials that count,)``.

    Raises:
        ValueError: if there is not one label a trial.
    """
    if labels is None:
        return np.arange(int(there.sum()))
    if len(labels) != len(there):
        raise ValueError(f"every trial needs its label, got {len(labels)} for {len(there)} trials; give one a trial")
    numbers: dict[Hashable, int] = {}
    mine = [label for label, counts in zip(labels, there, strict=True) if counts]
    return np.array([numbers.setdefault(label, len(numbers)) for label in mine], dtype=np.intp)


def by_unit(pairs: FloatArray, unit: NDArray[np.intp]) -> FloatArray:
    """Sum a matrix over pairs of trials to one over pairs of units.

    Args:
        pairs: shape ``(trials, trials)``.
        unit: of each trial, from 0.

    Returns:
        Shape ``(units, units)``.
    """
    order = np.argsort(unit, kind="stable")
    first = np.flatnonzero(np.diff(unit[order], prepend=-1))  # of each unit's trials, where units stand together
    rows = np.add.reduceat(pairs[order], first, axis=0)
    return np.asarray(np.add.reduceat(rows[:, order], first, axis=1))


def around(value: float, drawn: FloatArray, *, n: int, confidence: float) -> Estimate:
    """Put an interval around a correlation from its values over resamples, NaN where one had no pair.

    Args:
        value: the estimate.
        drawn: its values, shape ``(draws,)``.
        n: number of units that were resampled.
        confidence: the probability of covering, between 0 and 1.

    Returns:
        The estimate, its bounds within ±1.
    """
    defined = drawn[~np.isnan(drawn)]
    deviation = float(defined.std(ddof=1)) if len(defined) > 1 else np.nan
    half = widened(deviation, n=n, freedom=n - 1, confidence=confidence)
    low, high = np.clip([value - half, value + half], -1.0, 1.0)
    return Estimate(value=value, low=float(low), high=float(high), n=n)
