"""p-values of a family of tests, adjusted so that the family as a whole keeps the level."""

from collections.abc import Sequence

import numpy as np

from analysis.stats.arrays import FloatArray


def holm(p_values: Sequence[float] | FloatArray) -> FloatArray:
    r"""Adjust p-values by Holm's step-down rule ("A simple sequentially rejective multiple test procedure", 1979).

    With :math:`m` values sorted upwards, :math:`\tilde p_{(i)} = \min(1, \max_{j\le i}\,(m-j+1)\,p_{(j)})`.
    Rejecting where :math:`\tilde p \le a` makes one or more false claims with probability at most :math:`a`,
    whatever the dependence between the tests.

    Args:
        p_values: any shape; NaN where there was nothing to test, which does not count in :math:`m`.

    Returns:
        The adjusted values at the same places, NaN where they were.

    Raises:
        ValueError: if a value is not between 0 and 1.

    Example:
        >>> holm([0.01, 0.04, 0.03, np.nan]).tolist()
        [0.03, 0.06, 0.06, nan]
    """
    p = np.asarray(p_values, dtype=np.float64)
    outside = p[(p < 0) | (p > 1)]
    if len(outside):
        raise ValueError(f"p-values must lie in [0, 1], got {outside[0]:g}; give NaN where there is none")
    there = ~np.isnan(p)
    values = p[there]
    order = np.argsort(values, kind="stable")
    steps = len(values) - np.arange(len(values))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps * values[order]), 1.0)
    found = np.full(p.shape, np.nan)
    found[there] = adjusted
    return found
