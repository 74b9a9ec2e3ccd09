"""Chosen settings that lie at an end of the range in which they were searched: the optimum may lie beyond."""

import math
from dataclasses import dataclass

from analysis.tables.runs import cells, chosen
from analysis.tables.study_queries import ranges
from analysis.tables.study_tables import PARAM, Tables

NEAR = 0.05
"""Share of a range, in its own scale, that counts as its end."""


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A chosen setting near an end of its range.

    Attributes:
        architecture: its name.
        condition: its name.
        setting: flat name, ``"training.learning_rate"``.
        value: the one chosen.
        low: the range's smallest value.
        high: its largest.
        upper: whether it is the upper end.
    """

    architecture: str
    condition: str
    setting: str
    value: float
    low: float
    high: float
    upper: bool


def edges(tables: Tables) -> tuple[Edge, ...]:
    """Find chosen settings within 5 % of an end of their range, on a log scale where they were searched on one.

    Args:
        tables: the study's.

    Returns:
        In the study's order. What was chosen among listed values has no end, and a cell that was not confirmed has
        chosen nothing.
    """
    found = []
    for architecture, condition in cells(tables):
        confirmed = chosen(tables, architecture, condition)
        for setting, (kind, bounds) in ranges(tables.study_data, condition).items():
            if kind == "choice" or confirmed is None or PARAM + setting not in confirmed:
                continue
            value, (low, high) = float(confirmed[PARAM + setting]), map(float, bounds)
            place = position(value, low, high, log=kind == "log_uniform")
            if not NEAR <= place <= 1 - NEAR:
                found.append(
                    Edge(
                        architecture=architecture,
                        condition=condition,
                        setting=setting,
                        value=value,
                        low=low,
                        high=high,
                        upper=place > 0.5,
                    )
                )
    return tuple(found)


def position(value: float, low: float, high: float, *, log: bool) -> float:
    """Return where a value lies in its range: 0 at the lower end, 1 at the upper.

    Args:
        value: the value.
        low: the range's smallest.
        high: its largest.
        log: whether equal ratios are equally far.

    Returns:
        The share of the range below the value.

    Example:
        >>> round(position(0.01, 0.0001, 1.0, log=True), 9)
        0.5
    """
    if log:
        value, low, high = math.log(value), math.log(low), math.log(high)
    return (value - low) / (high - low)
