"""What so many paired seeds can show: known before any has run."""

import math
import statistics
from collections.abc import Mapping

from scipy.optimize import brentq
from scipy.special import nctdtr, nctdtrinc, stdtrit


def paired_deviation(values: Mapping[str, float], others: Mapping[str, float]) -> float:
    """Return the standard deviation of the differences of what stands under equal names.

    Args:
        values: by name, e.g. of a seed.
        others: by name; names that one of the two lacks are left out.

    Returns:
        The sample deviation, NaN with fewer than two pairs.

    Example:
        >>> paired_deviation({"1": 3.0, "2": 5.0, "3": 9.0}, {"1": 1.0, "2": 1.0})
        1.4142135623730951
    """
    differences = [values[name] - others[name] for name in values.keys() & others.keys()]
    return statistics.stdev(differences) if len(differences) > 1 else math.nan


def smallest_p(pairs: int) -> float:
    """Return the smallest two-sided p that a sign-flip test of so many pairs can give: 2/2ⁿ, all of one sign.

    Args:
        pairs: how many, at least 0.

    Returns:
        The p, NaN without a pair.

    Raises:
        ValueError: if the number is negative.

    Example:
        >>> smallest_p(5), smallest_p(6)
        (0.0625, 0.03125)
    """
    if pairs < 0:
        raise ValueError(f"a number of pairs must not be negative, got {pairs}; give the number of seeds")
    return 2.0 ** (1 - pairs) if pairs else math.nan


def enough_pairs(comparisons: int, level: float = 0.05) -> int:
    """Return how many pairs let a sign-flip test reach a level after Holm's rule.

    Args:
        comparisons: of the family, at least 1.
        level: at which a test speaks, between 0 and 1.

    Example:
        >>> enough_pairs(1), enough_pairs(4), smallest_p(8) * 4
        (6, 8, 0.03125)
    """
    return math.ceil(1 + math.log2(comparisons / level))


def detectable_difference(n: int, deviation: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    r"""Return the true mean difference that n pairs would find with the given power.

    It solves :math:`P(|T| > t_{n-1,\,1-a/2}) = \text{power}`, where :math:`T` is noncentral t with :math:`n-1`
    degrees of freedom and noncentrality :math:`\sqrt n\,\Delta/s`: the power of the paired two-sided t-test (Cohen
    1988; Colas et al. 2018, arXiv:1806.08295, for seeds). The sign-flip test has less: none below six pairs.

    Args:
        n: number of pairs.
        deviation: standard deviation of the paired differences.
        alpha: level of the test, between 0 and 1.
        power: the probability of finding the difference, above alpha and below 1.

    Returns:
        The difference Δ > 0 in the unit of the deviation; NaN with fewer than two pairs or an unknown deviation.

    Raises:
        ValueError: if the deviation is negative, or a probability lies outside of its bounds.

    Example:
        >>> round(detectable_difference(34, 1.0), 3)  # d = 0.5 takes 34 pairs, as every table of power says
        0.495
        >>> round(detectable_difference(5, 1.0), 3)
        1.682
    """
    for name, value, usual in (("alpha", alpha, 0.05), ("power", power, 0.8)):
        if not 0.0 < value < 1.0:
            raise ValueError(f"{name} must lie between 0 and 1, got {value}; choose e.g. {usual}")
    if power <= alpha:
        raise ValueError(f"power must exceed alpha, got {power} and {alpha}; a test finds alpha where there is nothing")
    if deviation < 0 or math.isinf(deviation):
        raise ValueError(f"deviation must be a number that is not negative, got {deviation}; give the sample deviation")
    if n < 2 or math.isnan(deviation):
        return math.nan
    freedom = n - 1
    critical = float(stdtrit(freedom, 1 - alpha / 2))

    def lack(noncentrality: float) -> float:
        # The lower tail as the upper one of the opposite difference: far below it has no digits of its own.
        above, below = (1 - nctdtr(freedom, sign * noncentrality, critical) for sign in (1, -1))
        return float(above + below - power)

    # One tail alone reaches the power here, both reach it before.
    bound = float(nctdtrinc(freedom, 1 - power, critical))
    return float(brentq(lack, 0.0, bound + 1e-3)) * deviation / math.sqrt(n)
