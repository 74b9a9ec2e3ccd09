"""Runs of one architecture side by side, seed by seed."""

import numpy as np
import pandas as pd

from analysis.stats import Difference, FloatArray, paired_difference
from analysis.tables.runs import by_seed
from tuning import records


def accuracies(runs: pd.DataFrame) -> FloatArray:
    """Return the test accuracies of completed runs, in the order of their seeds, shape ``(seeds,)``."""
    return np.asarray(by_seed(runs, records.TEST_ACCURACY).dropna(), np.float64)


def compared(runs: pd.DataFrame, others: pd.DataFrame, metric: str = records.TEST_ACCURACY) -> Difference:
    """Compare some runs with others seed by seed: runs − others, over the seeds that both have completed.

    Runs of one seed share initialization, data order, split and augmentation; their difference is free of what the
    seed does to both.

    Args:
        runs: rows of `Tables.runs`, one a seed.
        others: rows of `Tables.runs` to compare them with, one a seed.
        metric: a name of `tuning.records.METRICS`.

    Returns:
        The difference in the unit of the metric.
    """
    left, right = by_seed(runs, metric).align(by_seed(others, metric))  # NaN where one side lacks the seed
    return paired_difference(left.to_numpy(np.float64), right.to_numpy(np.float64))
