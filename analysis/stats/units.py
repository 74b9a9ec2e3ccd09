"""Which trials are independent evidence: resampled together, or by themselves."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.stats.arrays import BoolArray, FloatArray
from analysis.stats.bootstrap import widened
from analysis.stats.interval import Estimate

_HELD = 2**22
"""Numbers in the largest array that is made of several measures at once."""


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
    labelled = [label for label, counts in zip(labels, there, strict=True) if counts]
    return np.array([numbers.setdefault(label, len(numbers)) for label in labelled], dtype=np.intp)


@dataclass(frozen=True, kw_only=True)
class Counting:
    """Trials at which measure and outcome have a value, and the measures of which these are all.

    Attributes:
        there: whether a trial counts, shape ``(trials,)``.
        numbers: of the measures.
        unit: of each trial that counts, from 0.
        n: how many units there are.
    """

    there: BoolArray
    numbers: list[int]
    unit: NDArray[np.intp]
    n: int


def counting(measures: FloatArray, outcome: FloatArray, units: Sequence[Hashable] | None) -> Iterator[Counting]:
    """Group measures that have a value at the same trials, so that what depends on these alone is computed once.

    Args:
        measures: shape ``(measures, trials)``; NaN where a trial has no value.
        outcome: of the same trials.
        units: what each trial belongs to; None for a unit of its own.

    Yields:
        One a set of trials.
    """
    has = ~(np.isnan(measures) | np.isnan(outcome))
    groups: dict[bytes, list[int]] = {}
    for number, present in enumerate(has):
        groups.setdefault(present.tobytes(), []).append(number)
    for numbers in groups.values():
        there = has[numbers[0]]
        unit = codes(units, there)
        yield Counting(there=there, numbers=numbers, unit=unit, n=len(np.unique(unit)))


def over_resamples(times: FloatArray, sums: FloatArray) -> FloatArray:
    r"""Sum matrices over the pairs of units of every resample, :math:`\sum_{uv} t_u S_{uv} t_v`.

    Args:
        times: how often each resample holds each unit, shape ``(draws, units)``.
        sums: shape ``(matrices, units, units)``.

    Returns:
        Shape ``(matrices, draws)``.

    Example:
        >>> over_resamples(np.array([[1.0, 1.0], [2.0, 0.0]]), np.array([[[1.0, 2.0], [3.0, 4.0]]])).tolist()
        [[10.0, 4.0]]
    """
    matrices, units, _ = sums.shape
    wide = times @ sums.transpose(1, 0, 2).reshape(units, matrices * units)  # one product, however many matrices
    return np.asarray(np.einsum("dmu,du->md", wide.reshape(len(times), matrices, units), times))


def chunks(numbers: Sequence[int], needed: int) -> Iterator[Sequence[int]]:
    """Divide measures so that the largest array of a part of them at once stays below some 32 MB.

    Args:
        numbers: of the measures.
        needed: how many numbers one of them needs there.

    Yields:
        Some of the measures' numbers, in their order.
    """
    size = max(_HELD // max(needed, 1), 1)
    yield from (numbers[start : start + size] for start in range(0, len(numbers), size))


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
