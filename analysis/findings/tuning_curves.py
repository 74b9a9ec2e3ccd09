"""What a search of so many trials can be expected to find, cell by cell."""

from dataclasses import dataclass

import pandas as pd

from analysis.stats import ExpectedBest, Interval, expected_best
from analysis.tables.runs import cells
from analysis.tables.study_queries import starting_points
from analysis.tables.study_tables import Tables
from analysis.tables.trials import FULL_BUDGET, SCORE, trials
from tuning import records

FEWEST = 4
"""Drawn trials below which a curve would have one point."""


@dataclass(frozen=True, kw_only=True)
class TuningCurve:
    """Expected best validation accuracy of one cell against the number of trials.

    Attributes:
        architecture: its name.
        condition: its name.
        expected: the curve, in shares between 0 and 1; None where its trials do not allow one.
        refused: why they do not; empty where they do.
    """

    architecture: str
    condition: str
    expected: ExpectedBest | None
    refused: str = ""


def tuning_curves(tables: Tables) -> tuple[TuningCurve, ...]:
    """Estimate each cell's expected best validation accuracy, where that may be done.

    Starting points that the study gave for a cell come first in it. They were not drawn, and do not count as trials of
    the search.

    Args:
        tables: the study's.

    Returns:
        One a cell that has searched, in the study's order.
    """
    found = []
    for architecture, condition in cells(tables):
        tried = trials(tables, architecture, condition)
        if tried.empty:
            continue
        given = len(starting_points(tables.study_data, condition))
        expected, refused = None, ""
        try:
            expected = _expected(tried[tried["seed"] >= given], tables.study_data.get("search", {}).get("algorithm"))
        except ValueError as reason:
            refused = str(reason)
        found.append(TuningCurve(architecture=architecture, condition=condition, expected=expected, refused=refused))
    return tuple(found)


def _expected(drawn: pd.DataFrame, algorithm: str | None) -> ExpectedBest:
    """Estimate a curve from the trials that were drawn.

    Raises:
        ValueError: if they do not allow one.
    """
    if len(drawn) < FEWEST:
        raise ValueError(f"too few trials: a curve needs {FEWEST} that were drawn and ended, got {len(drawn)}")
    return expected_best(
        drawn[SCORE].to_numpy(),
        exchangeable=algorithm in records.DRAWN,
        full_budget=drawn[FULL_BUDGET].to_numpy(bool),
    )


def at_share(expected: ExpectedBest, share: float) -> Interval:
    """Return what so large a part of a curve's longest budget can be expected to find.

    Args:
        expected: the curve, up to half of the trials.
        share: of its length; the budget is at least one trial.

    Returns:
        Mean and interval, in shares between 0 and 1.
    """
    place = max(round(share * len(expected.budgets)), 1) - 1
    band = expected.band
    mean, low, high, n = (float(getattr(band, name)[place]) for name in ("mean", "low", "high", "n"))
    return Interval(mean=mean, low=low, high=high, n=int(n))
