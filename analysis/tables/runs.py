"""The runs that speak for a cell: those of its confirmation that completed; and the setting that it confirms."""

from typing import Any

import pandas as pd

from analysis.tables.study_tables import PARAM, Tables
from tuning.records import Phase, StopReason

RATE = PARAM + "training.learning_rate"
"""The column of `Tables.runs` with the learning rate that a run was trained at."""


def cells(tables: Tables) -> list[tuple[str, str]]:
    """List every pair of architecture and condition in the study's order."""
    architectures = tables.runs["architecture"].cat.categories
    conditions = tables.runs["condition"].cat.categories
    return [(architecture, condition) for architecture in architectures for condition in conditions]


def completed(runs: pd.DataFrame) -> pd.DataFrame:
    """Return those of some runs that trained for all their epochs, in the order in which they are given.

    Args:
        runs: rows of `Tables.runs`.
    """
    return runs[runs["stop_reason"] == StopReason.COMPLETED]


def by_seed(runs: pd.DataFrame, metric: str) -> "pd.Series[float]":
    """Return what runs reached, by seed, so that runs of one seed can be paired.

    Args:
        runs: rows of `Tables.runs`, one a seed; those that did not complete are left out.
        metric: a name of `tuning.records.METRICS`.
    """
    return completed(runs).sort_values("seed").set_index("seed")[metric].astype(float)


def chosen(tables: Tables, architecture: str, condition: str) -> "pd.Series[Any] | None":
    """Return the row of `Tables.runs` whose settings a cell has chosen: all its confirmation runs have the same.

    Args:
        tables: the study's.
        architecture: its name.
        condition: its name.

    Returns:
        The first one's, however it ended; None where no confirmation has begun.
    """
    begun = _confirmation(tables, architecture, condition)
    return None if begun.empty else begun.iloc[0]


def confirmed_runs(tables: Tables, architecture: str, condition: str) -> pd.DataFrame:
    """Return the rows of `Tables.runs` that speak for a cell: confirmation runs that completed, by seed."""
    return completed(_confirmation(tables, architecture, condition)).sort_values("seed")


def _confirmation(tables: Tables, architecture: str, condition: str) -> pd.DataFrame:
    runs = tables.runs
    of_cell = (runs["architecture"] == architecture) & (runs["condition"] == condition)
    return runs[of_cell & (runs["phase"] == Phase.CONFIRM)]
