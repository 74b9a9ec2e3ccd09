"""Means and estimates with their intervals, and Student's interval of a mean."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from analysis.stats.arrays import FloatArray, IntArray, share


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean and its confidence interval.

    Attributes:
        mean: NaN where there is no value.
        low: lower bound; NaN where fewer than two values leave the spread unknown, −∞ where so few values
            bound nothing at the confidence asked for.
        high: upper bound; NaN as ``low``.
        n: number of values.
    """

    mean: float
    low: float
    high: float
    n: int

    @property
    def half_width(self) -> float:
        """What stands behind the ±: half the interval's length, NaN where there is none."""
        return (self.high - self.low) / 2

    def holds(self, value: float) -> bool:
        """Whether the interval holds a value; False where it has no bounds."""
        return self.low <= value <= self.high


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number other than a mean, and its confidence interval.

    Attributes:
        value: NaN where it is not defined.
        low: lower bound; NaN where there are too few values for one.
        high: upper bound; NaN as ``low``.
        n: number of independent values that it rests on.
    """

    value: float
    low: float
    high: float
    n: int

    def holds(self, value: float) -> bool:
        """Whether the interval holds a value; False where it has no bounds."""
        return self.low <= value <= self.high


@dataclass(frozen=True, kw_only=True)
class Band:
    """An interval at every position of a curve: four arrays of one shape ``(positions,)``.

    Attributes:
        mean: NaN at positions without a value.
        low: lower bound; NaN at positions with fewer than two values.
        high: upper bound; NaN as ``low``.
        n: number of values at each position.
    """

    mean: FloatArray
    low: FloatArray
    high: FloatArray
    n: IntArray


def mean_band(values: FloatArray, confidence: float = 0.95) -> Band:
    r"""Mean and t-interval of every column, missing values (NaN) left out.

    With :math:`n` values of mean :math:`\bar x` and sample deviation :math:`s` (divisor :math:`n-1`) the
    interval is :math:`\bar x \pm t_{n-1,\,(1+c)/2}\; s/\sqrt n`: it covers the true mean with probability
    :math:`c` when the values are independent and normal (Student, "The probable error of a mean", 1908).

    Args:
        values: shape ``(runs, positions)``; NaN where a run has no value.
        confidence: the probability c of covering the true mean, between 0 and 1.

    Returns:
        The band of shape ``(positions,)``, in the unit of the values.

    Raises:
        ValueError: if ``confidence`` is not between 0 and 1, or ``values`` is not a matrix.

    Example:
        >>> band = mean_band(np.array([[1.0, 5.0], [3.0, np.nan]]))
        >>> band.mean.tolist(), band.n.tolist()
        ([2.0, 5.0], [2, 1])
        >>> round(float(band.high[0]), 4)  # 2 + 12.7062 * sqrt(2) / sqrt(2)
        14.7062
    """
    share("confidence", confidence, example=0.95)
    if values.ndim != 2:
        raise ValueError(f"values must have shape (runs, positions), got {values.shape}; add the missing axis")
    present = ~np.isnan(values)
    n = present.sum(axis=0).astype(np.int64)
    # Dividing by max(n, 1) keeps empty columns free of warnings; they become NaN by the masks below.
    mean = np.where(present, values, 0.0).sum(axis=0) / np.maximum(n, 1)
    deviations = np.where(present, values - mean, 0.0)
    freedom = np.maximum(n - 1, 1)
    standard_error = np.sqrt((deviations**2).sum(axis=0) / freedom / np.maximum(n, 1))
    half = np.where(n > 1, stdtrit(freedom, 0.5 + confidence / 2) * standard_error, np.nan)
    mean = np.where(n > 0, mean, np.nan)
    return Band(mean=mean, low=mean - half, high=mean + half, n=n)


def mean_interval(values: Sequence[float] | FloatArray, confidence: float = 0.95) -> Interval:
    r"""Mean and t-interval of one sample: :math:`\bar x \pm t_{n-1,\,(1+c)/2}\; s/\sqrt n` (Student, 1908).

    Args:
        values: shape ``(runs,)``; NaN counts as missing.
        confidence: the probability c of covering the true mean, between 0 and 1.

    Returns:
        The interval in the unit of the values. One value gives a mean without bounds, none gives NaN.

    Raises:
        ValueError: if ``confidence`` is not between 0 and 1.

    Example:
        >>> mean_interval([4.0, 6.0, 8.0]).mean
        6.0
        >>> round(mean_interval([4.0, 6.0, 8.0]).half_width, 4)  # 4.3027 * 2 / sqrt(3)
        4.9683
        >>> mean_interval([4.0])
        Interval(mean=4.0, low=nan, high=nan, n=1)
    """
    band = mean_band(np.asarray(values, dtype=np.float64).reshape(-1, 1), confidence)
    return Interval(mean=float(band.mean[0]), low=float(band.low[0]), high=float(band.high[0]), n=int(band.n[0]))
