"""How large a paired difference is against its own spread."""

from collections.abc import Sequence

import numpy as np
from scipy.special import gammaln, nctdtrinc

from analysis.stats.arrays import ROUNDING, FloatArray, share, vector
from analysis.stats.interval import Estimate


def paired_effect_size(differences: Sequence[float] | FloatArray, confidence: float = 0.95) -> Estimate:
    r"""Cohen's :math:`d_z` with Hedges' correction, and its exact interval for normal differences.

    :math:`g = J(n-1)\,\bar d/s` with :math:`J(m) = \Gamma(m/2)\,/\,(\sqrt{m/2}\;\Gamma((m-1)/2))`, which takes
    away the bias (Hedges, "Distribution theory for Glass's estimator", 1981). The interval is that of the
    noncentral t: its bounds are the :math:`\delta` under which :math:`t = \sqrt n\,\bar d/s`, of noncentrality
    :math:`\sqrt n\,\delta`, is its upper or lower :math:`(1-c)/2` quantile (Steiger and Fouladi 1997).

    Args:
        differences: shape ``(pairs,)``; NaN counts as missing.
        confidence: the probability c of covering the true :math:`\delta`, between 0 and 1. Exact for normal
            differences; measured at 95 % with 3 … 20 pairs it is 94 … 95 % there, 93 … 99 % for exponential ones
            and 94 … 96 % for Student's t with 3 degrees of freedom.

    Returns:
        The effect in standard deviations of the differences; NaN where there are fewer than three pairs, of which the
        correction would make 0, or where all differences are equal and no spread can be estimated.

    Raises:
        ValueError: if the differences are no vector, or ``confidence`` is not between 0 and 1.

    Example:
        >>> effect = paired_effect_size([1.0, 2.0, 3.0])  # J(2) = 0.5642, mean 2, deviation 1
        >>> round(effect.value, 4)
        1.1284
    """
    share("confidence", confidence, example=0.95)
    d = vector("differences", differences)
    d = d[~np.isnan(d)]
    n = len(d)
    if n < 3 or np.ptp(d) <= ROUNDING * abs(d).max():
        return Estimate(value=np.nan, low=np.nan, high=np.nan, n=n)
    raw = float(d.mean() / d.std(ddof=1))
    t = np.sqrt(n) * abs(raw)
    tail = (1 - confidence) / 2
    near, far = (float(nctdtrinc(n - 1, quantile, t) / np.sqrt(n)) for quantile in (1 - tail, tail))
    low, high = (near, far) if raw >= 0 else (-far, -near)  # the quantiles' search is at its best for t > 0
    return Estimate(value=_correction(n - 1) * raw, low=low, high=high, n=n)


def _correction(freedom: int) -> float:
    """Return Hedges' J, for two degrees of freedom or more; with one, d has no expectation."""
    half = freedom / 2
    return float(np.exp(gammaln(half) - gammaln(half - 0.5)) / np.sqrt(half))
