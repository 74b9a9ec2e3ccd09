"""Points that no other point beats in every objective."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from analysis.stats.arrays import FloatArray, IntArray, matrix

Direction = Literal["maximize", "minimize"]


def pareto_front(objectives: FloatArray, directions: Sequence[Direction]) -> IntArray:
    """Find the points that are not dominated.

    A point dominates another if it is as good in every objective and better in one. Equal points do not dominate
    each other.

    Args:
        objectives: shape ``(points, objectives)``; a point with a NaN is not on the front.
        directions: ``"maximize"`` or ``"minimize"`` for each objective.

    Returns:
        Indices of the front's points, ascending in the first objective, the second and so on: drawn as they come.

    Raises:
        ValueError: if the objectives are no matrix, or there is not one direction for each.

    Example:
        >>> accuracy_and_bound = np.array([[0.90, 5.0], [0.91, 9.0], [0.89, 6.0]])
        >>> pareto_front(accuracy_and_bound, ["maximize", "minimize"]).tolist()
        [0, 1]
    """
    points = matrix("objectives", objectives, "(points, objectives)")
    if len(directions) != points.shape[1] or not set(directions) <= {"maximize", "minimize"}:
        raise ValueError(
            f"each of {points.shape[1]} objectives is to maximize or to minimize, got {list(directions)}; "
            "give e.g. ['maximize', 'minimize']"
        )
    better = points * [1.0 if direction == "maximize" else -1.0 for direction in directions]
    # NaN compares as False: such a point dominates nothing.
    as_good = (better[:, None] >= better[None, :]).all(axis=2)
    dominated = (as_good & (better[:, None] > better[None, :]).any(axis=2)).any(axis=0)
    front = np.flatnonzero(~dominated & ~np.isnan(points).any(axis=1))
    return front[np.lexsort(points[front].T[::-1])]
