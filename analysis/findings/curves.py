"""What the confirmation runs of each cell did from epoch to epoch, as arrays ready to be drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.stats import Band, FloatArray, IntArray, Interval, mean_band, mean_interval
from analysis.tables.runs import cells, confirmed_runs
from analysis.tables.study_tables import Tables
from tuning import records


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One metric of one architecture under one condition, by epoch.

    Attributes:
        architecture: its name.
        condition: its name.
        metric: a name of `tuning.records.METRICS`.
        epochs: ascending, shape ``(epochs,)``; 0 is the state before the first step.
        band: mean and interval over the seeds at each of them.
    """

    architecture: str
    condition: str
    metric: str
    epochs: IntArray
    band: Band


@dataclass(frozen=True, kw_only=True)
class Confirmed:
    """The test accuracies of one cell's confirmation runs.

    Attributes:
        architecture: its name.
        condition: its name.
        accuracies: one a completed seed, shares between 0 and 1, shape ``(seeds,)``.
        interval: their mean and 95 % t-interval.
    """

    architecture: str
    condition: str
    accuracies: FloatArray
    interval: Interval


def curves(tables: Tables, metrics: Sequence[str]) -> tuple[Curve, ...]:
    """Compute mean and 95 % t-interval by epoch over the confirmation runs of every cell.

    Args:
        tables: the study's.
        metrics: names of `tuning.records.METRICS`.

    Returns:
        A curve for each cell and metric that has points, in the study's order.
    """
    found = []
    for architecture, condition in cells(tables):
        runs = confirmed_runs(tables, architecture, condition)
        rows = tables.confirmation[tables.confirmation["run_id"].isin(runs.index)]
        for metric in metrics:
            wide = rows.pivot(index="run_id", columns="epoch", values=metric).dropna(axis="columns", how="all")
            if wide.empty:
                continue
            curve = Curve(
                architecture=architecture,
                condition=condition,
                metric=metric,
                epochs=wide.columns.to_numpy(np.int64),
                band=mean_band(wide.to_numpy(np.float64)),
            )
            found.append(curve)
    return tuple(found)


def confirmed(tables: Tables) -> tuple[Confirmed, ...]:
    """Collect the test accuracies of every cell that has a completed confirmation run.

    Args:
        tables: the study's.

    Returns:
        In the study's order.
    """
    found = []
    for architecture, condition in cells(tables):
        accuracies = confirmed_runs(tables, architecture, condition)[records.TEST_ACCURACY].dropna()
        if len(accuracies):
            values = accuracies.to_numpy(np.float64)
            cell = Confirmed(
                architecture=architecture,
                condition=condition,
                accuracies=values,
                interval=mean_interval(values),
            )
            found.append(cell)
    return tuple(found)


def levels(tables: Tables, metric: str) -> dict[tuple[str, str], Interval]:
    """Compute mean and 95 % t-interval of a metric after the last epoch over the confirmation runs of every cell.

    Args:
        tables: the study's.
        metric: a name of `tuning.records.METRICS`.

    Returns:
        By architecture and condition.
    """
    return {cell: mean_interval(confirmed_runs(tables, *cell)[metric].to_numpy(float)) for cell in cells(tables)}
