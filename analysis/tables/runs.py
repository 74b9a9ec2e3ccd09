"""The runs that speak for a cell: those of its confirmation that completed."""

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


def confirmed_runs(tables: Tables, architecture: str, condition: str) -> pd.DataFrame:
    """Return the rows of `Tables.runs` that speak for a cell: confirmation runs that completed, by seed."""
    runs = tables.runs
    of_cell = (runs["architecture"] == architecture) & (runs["condition"] == condition)
    return completed(runs[of_cell & (runs["phase"] == Phase.CONFIRM)]).sort_values("seed")
