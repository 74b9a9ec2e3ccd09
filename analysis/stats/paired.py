"""What differs between two conditions that ran on the same seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.stats.arrays import FloatArray, equally_long, subtract, vector
from analysis.stats.bootstrap import DRAWS, bootstrap_t
from analysis.stats.effect_size import paired_effect_size
from analysis.stats.improvement import probability_of_improvement
from analysis.stats.interval import Estimate, Interval, mean_interval
from analysis.stats.sign_flip import SignFlip, sign_flip_test


@dataclass(frozen=True, kw_only=True)
class Difference:
    """All that is said of one sample of paired differences.

    Attributes:
        n: pairs in which both have a value; the others are left out.
        interval: mean and Student's t-interval, exact for normal differences.
        bootstrap: mean and bootstrap-t interval, for those that are not.
        test: exact sign-flip test of "nothing differs".
        effect: Cohen's d_z with Hedges' correction.
        improvement: probability that the first is larger than the second on one seed.
    """

    n: int
    interval: Interval
    bootstrap: Interval
    test: SignFlip
    effect: Estimate
    improvement: Estimate

    @property
    def mean(self) -> float:
        """The mean difference, NaN without a pair."""
        return self.interval.mean

    @property
    def stated(self) -> Interval:
        """The interval to report: the bootstrap's, or Student's where so few pairs leave that without bounds."""
        return self.interval if np.isinf([self.bootstrap.low, self.bootstrap.high]).any() else self.bootstrap


def paired_difference(
    first: Sequence[float] | FloatArray,
    second: Sequence[float] | FloatArray,
    *,
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Difference:
    """Compare two conditions seed by seed: first − second.

    Args:
        first: shape ``(seeds,)``; NaN where a seed has no value.
        second: the same seeds in the same order.
        confidence: the probability of covering that each interval aims at.
        draws: resamples of the bootstrap.
        seed: of the resamples.

    Returns:
        The difference in the unit of the values. A seed that one side lacks is left out of all of it.

    Raises:
        ValueError: if the two are not equally long vectors, or ``confidence`` is not between 0 and 1.

    Example:
        >>> found = paired_difference([0.93, 0.94, 0.95], [0.91, 0.93, np.nan])
        >>> found.n, round(found.mean, 4), found.test.p
        (2, 0.015, 0.5)
    """
    left, right = vector("first", first), vector("second", second)
    equally_long(first=left, second=right)
    return difference(subtract(left, right), confidence=confidence, draws=draws, seed=seed)


def difference(
    differences: Sequence[float] | FloatArray, *, confidence: float = 0.95, draws: int = DRAWS, seed: int = 0
) -> Difference:
    """Describe paired differences that are already taken.

    Args:
        differences: shape ``(pairs,)``; NaN counts as missing.
        confidence: the probability of covering that each interval aims at.
        draws: resamples of the bootstrap.
        seed: of the resamples.

    Returns:
        The difference in the unit of the values.

    Raises:
        ValueError: if the differences are no vector, or ``confidence`` is not between 0 and 1.

    Example:
        >>> difference([0.25, 0.5, 0.75]).interval.mean
        0.5
    """
    d = vector("differences", differences)
    return Difference(
        n=int((~np.isnan(d)).sum()),
        interval=mean_interval(d, confidence),
        bootstrap=bootstrap_t(d, confidence, draws, seed),
        test=sign_flip_test(d, seed=seed),
        effect=paired_effect_size(d, confidence),
        improvement=probability_of_improvement(d, confidence),
    )
