"""Runs of one architecture side by side, seed by seed."""

import numpy as np
import pandas as pd

from analysis.stats import FloatArray
from tuning import records
from tuning.records import StopReason


def completed(runs: pd.DataFrame) -> pd.DataFrame:
    """Return those of some runs that trained for all their epochs, by seed.

    Args:
        runs: rows of `Tables.runs`, one a seed.
    """
    return runs[runs["stop_reason"] == StopReason.COMPLETED].sort_values("seed")


def accuracies(runs: pd.DataFrame) -> FloatArray:
    """Return the test accuracies of completed runs, in the order of their seeds, shape ``(seeds,)``."""
    return completed(runs)[records.TEST_ACCURACY].dropna().to_numpy(np.float64)


def differences(runs: pd.DataFrame, others: pd.DataFrame) -> FloatArray:
    """Subtract the test accuracies of others from those of some runs, seed by seed.

    Runs of one seed share initialization, data order, split and augmentation; their difference is free of what the
    seed does to both.

    Args:
        runs: rows of `Tables.runs`, one a seed.
        others: the same.

    Returns:
        Shares between -1 and 1, one for each seed that both have completed, shape ``(seeds,)``.
    """
    left, right = (completed(one).set_index("seed")[records.TEST_ACCURACY] for one in (runs, others))
    return (left - right).dropna().to_numpy(np.float64)
