"""Which of two trials has the larger value, for every pair of trials, and the same summed over pairs of units."""

import numpy as np
from numpy.typing import NDArray

from analysis.stats.arrays import FloatArray

Signs = NDArray[np.float32]
"""−1, 0 and 1, shape ``(trials, trials)``: small, so that a thousand trials stay in a processor's cache."""


def signs(values: FloatArray) -> Signs:
    """Compare every value with every other one.

    Args:
        values: shape ``(trials,)``.

    Returns:
        The sign of value i less value j at place ``(i, j)``.

    Example:
        >>> signs(np.array([0.5, 0.1, 0.5])).tolist()
        [[0.0, 1.0, 0.0], [-1.0, 0.0, -1.0], [0.0, 1.0, 0.0]]
    """
    ranks = _ranks(values).astype(np.float32)
    return np.asarray(np.clip(ranks[:, None] - ranks, -1.0, 1.0))


def by_unit(pairs: Signs, first: NDArray[np.intp]) -> FloatArray:
    """Sum signs over pairs of trials to those of units; the trials of a unit stand together.

    Args:
        pairs: signs or products of signs.
        first: place of the first trial of every unit, ascending.

    Returns:
        Shape ``(units, units)``. Sums are whole numbers, exact in single precision while no two units have more than
        16 million pairs.

    Example:
        >>> by_unit(signs(np.array([0.5, 0.1, 0.7])), np.array([0, 2])).tolist()
        [[0.0, -2.0], [2.0, 0.0]]
    """
    # Additions in order, not a product of matrices: these are too small to be worth a library's threads.
    rows = np.add.reduceat(pairs, first, axis=0)
    return np.asarray(np.add.reduceat(rows, first, axis=1), dtype=np.float64)


def untied(values: FloatArray, first: NDArray[np.intp]) -> FloatArray:
    """Count the pairs of trials whose values differ, for every pair of units.

    Args:
        values: shape ``(trials,)``, those of a unit standing together.
        first: as `by_unit` takes it.

    Returns:
        Shape ``(units, units)``, what `by_unit` makes of the squares of `signs`: all pairs less those of equal values.

    Example:
        >>> untied(np.array([0.5, 0.1, 0.5]), np.array([0, 2])).tolist()
        [[2.0, 1.0], [1.0, 0.0]]
    """
    ranks = _ranks(values)
    size = np.diff(first, append=len(values))
    unit = np.repeat(np.arange(len(first)), size)
    different = int(ranks.max()) + 1
    held = np.bincount(unit * different + ranks, minlength=len(first) * different).reshape(len(first), different)
    tied = held[:, held.sum(axis=0) > 1].astype(np.float64)  # what occurs once is tied with itself alone
    once = np.bincount(unit[held.sum(axis=0)[ranks] == 1], minlength=len(first))
    return np.asarray(np.outer(size, size) - tied @ tied.T - np.diag(once), dtype=np.float64)


def _ranks(values: FloatArray) -> NDArray[np.intp]:
    """Number the different values from the smallest on."""
    return np.unique(values, return_inverse=True)[1].reshape(-1)
