"""What measuring cost a study, beside training."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.tables.study_tables import Tables
from tuning import records


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What measuring took of a run's time, as a share of what its training steps took.

    Attributes:
        share: median over the runs of the study.
        by_architecture: median over the runs of each, in the study's order.
        epoch_seconds: that the training steps of an epoch took, median over the epochs of each architecture.
        runs: how many were timed.
    """

    share: float
    by_architecture: Mapping[str, float]
    epoch_seconds: Mapping[str, float]
    runs: int


def cost(tables: Tables) -> Cost | None:
    """Compare the seconds of measuring with those of training, run by run.

    Evaluation is in neither of them. A measurement before the first step counts, though no training goes with it.

    Args:
        tables: the study's.

    Returns:
        The medians, None where no run has both times.
    """
    epochs = tables.times[["run_id", *records.TIMES]].reset_index(drop=True)
    times = epochs.groupby("run_id").sum(min_count=1).dropna()
    times = times[times[records.EPOCH_SECONDS] > 0]
    if times.empty:
        return None
    shares = times[records.MEASURE_SECONDS] / times[records.EPOCH_SECONDS]
    architecture = tables.runs["architecture"].reindex(shares.index)
    timed = epochs[epochs["run_id"].isin(shares.index)].set_index("run_id")[records.EPOCH_SECONDS]
    return Cost(
        share=float(shares.median()),
        by_architecture=_medians(shares, architecture),
        epoch_seconds=_medians(timed, architecture),
        runs=len(shares),
    )


def _medians(values: "pd.Series[float]", architecture: "pd.Series[str]") -> dict[str, float]:
    """Take the median over the runs of each architecture, both being indexed by run; NaN is left out."""
    medians = values.groupby(architecture.reindex(values.index), observed=True).median()
    return {str(name): float(median) for name, median in medians.items()}
