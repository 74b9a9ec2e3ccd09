"""The trials of a cell's search, and what each of them reached."""

import pandas as pd

from analysis.tables.study_tables import Tables
from tuning import records
from tuning.records import Phase, StopReason

SCORE = "score"
"""Column: validation accuracy after the last epoch; 0 where the trial diverged, which is the worst there is."""

FULL_BUDGET = "full_budget"
"""Column: whether the trial was given all its epochs, as one that diverged was and one that was stopped early not."""


def trials(tables: Tables, architecture: str, condition: str) -> pd.DataFrame:
    """Return the trials that a cell's search has brought to an end, in the order in which they were proposed.

    Args:
        tables: the study's.
        architecture: its name.
        condition: its name.

    Returns:
        Rows of `Tables.runs` with the columns `SCORE` and `FULL_BUDGET`. A trial that failed, or that has not
        ended, says nothing of its settings and is left out.
    """
    runs = tables.runs
    of_cell = (runs["architecture"] == architecture) & (runs["condition"] == condition) & (runs["phase"] == Phase.TUNE)
    ended = runs["stop_reason"].isin([StopReason.COMPLETED, StopReason.DIVERGED, StopReason.EARLY_STOPPED])
    found = runs[of_cell & ended].sort_values("seed")
    diverged = found["stop_reason"] == StopReason.DIVERGED
    reached = found[records.VAL_ACCURACY].where(~diverged)
    score = [records.score({} if pd.isna(value) else {records.VAL_ACCURACY: value}) for value in reached]
    full_budget = found["stop_reason"] != StopReason.EARLY_STOPPED
    return found.assign(**{SCORE: pd.Series(score, found.index, float), FULL_BUDGET: full_budget})
