"""The exact sign-flip test of paired differences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.stats.arrays import ROUNDING, FloatArray, vector
from tuning.paired_power import smallest_p

ENUMERATED = 20
"""Pairs up to which every pattern of signs is looked at: 2²⁰ sums take a hundredth of a second."""


@dataclass(frozen=True, kw_only=True)
class SignFlip:
    """What flipping the signs of paired differences says.

    Attributes:
        p: two-sided; NaN where there is no pair.
        n: number of pairs.
        exact: every pattern of signs was looked at, not a random part.
        smallest: the smallest p that so many pairs can give; above 0.05 no data could be significant there.
    """

    p: float
    n: int
    exact: bool
    smallest: float


def sign_flip_test(differences: Sequence[float] | FloatArray, *, draws: int = 100_000, seed: int = 0) -> SignFlip:
    r"""Test whether paired differences are symmetric around zero (Fisher, *The Design of Experiments*, 1935).

    .. math:: p = 2^{-n}\,|\{\varepsilon\in\{-1,1\}^n : |\sum_i \varepsilon_i d_i| \ge |\sum_i d_i|\}|

    If a condition changes nothing, which of two paired runs bears its name is a coin's toss, and :math:`p \le a`
    has at most the probability :math:`a`, without a word about the distribution. Sums that equal the observed one
    count. Above 20 pairs the patterns are drawn, and :math:`p = (1 + k)/(1 + \text{draws})` with k of them at
    least as large, which keeps the level (Phipson and Smyth 2010).

    Args:
        differences: shape ``(pairs,)``; NaN counts as missing.
        draws: how many patterns above 20 pairs.
        seed: of the draws.

    Returns:
        The test.

    Raises:
        ValueError: if the differences are no vector, or one of them is infinite.

    Example:
        >>> sign_flip_test([0.01, 0.02, 0.03, 0.04, 0.05])  # 2 of 32 patterns
        SignFlip(p=0.0625, n=5, exact=True, smallest=0.0625)
        >>> sign_flip_test([1.0, 1.0, -1.0]).p  # every sum is 1 or 3 in size
        1.0
    """
    d = vector("differences", differences)
    d = d[~np.isnan(d)]
    n = len(d)
    exact = n <= ENUMERATED
    if n == 0:
        return SignFlip(p=np.nan, n=0, exact=True, smallest=np.nan)
    least = abs(d.sum()) - ROUNDING * abs(d).sum()
    if exact:
        p = float((abs(_half_of_the_sums(d)) >= least).mean())
    else:
        signs = np.random.default_rng(seed).integers(2, size=(draws, n), dtype=np.int8)
        p = float((1 + (abs(d.sum() - 2 * signs @ d) >= least).sum()) / (1 + draws))
    return SignFlip(p=p, n=n, exact=exact, smallest=smallest_p(n) if exact else 1 / (1 + draws))


def _half_of_the_sums(d: FloatArray) -> FloatArray:
    """Return the sums of all patterns in which the first sign is plus: the others are their negatives."""
    sums = d[:1]
    for difference in d[1:]:
        sums = np.concatenate([sums + difference, sums - difference])
    return sums
