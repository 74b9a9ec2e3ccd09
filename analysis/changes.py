"""How a metric has changed from before the first step to the last epoch, cell by cell."""

from dataclasses import dataclass

import numpy as np

from analysis.curves import cells, confirmed_runs
from analysis.stats import Difference, Interval, mean_interval, paired_difference
from analysis.table import Tables


@dataclass(frozen=True, kw_only=True)
class Change:
    """One metric of one cell, at its first and its last epoch.

    Attributes:
        architecture: its name.
        condition: its name.
        metric: a name of `tuning.records.METRICS`.
        epochs: the first and the last that have it.
        start: mean and 95 % t-interval over the confirmation seeds at the first.
        end: the same at the last.
        difference: end − start, run by run.
    """

    architecture: str
    condition: str
    metric: str
    epochs: tuple[int, int]
    start: Interval
    end: Interval
    difference: Difference


def changes(tables: Tables, metric: str) -> tuple[Change, ...]:
    """Compare the last epoch of every confirmation run with its first.

    Args:
        tables: the study's.
        metric: a name of `tuning.records.METRICS`.

    Returns:
        One for each cell with a completed confirmation run that has the metric at two epochs, in the study's order.
    """
    found = []
    for architecture, condition in cells(tables):
        runs = confirmed_runs(tables, architecture, condition)
        rows = tables.confirmation[tables.confirmation["run_id"].isin(runs.index)]
        wide = rows.pivot(index="run_id", columns="epoch", values=metric).dropna(axis="columns", how="all")
        if len(wide.columns) < 2:
            continue
        start, end = (wide[epoch].to_numpy(np.float64) for epoch in (wide.columns[0], wide.columns[-1]))
        found.append(
            Change(
                architecture=architecture,
                condition=condition,
                metric=metric,
                epochs=(int(wide.columns[0]), int(wide.columns[-1])),
                start=mean_interval(start),
                end=mean_interval(end),
                difference=paired_difference(end, start),
            )
        )
    return tuple(found)
