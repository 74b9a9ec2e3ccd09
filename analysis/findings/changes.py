"""How a metric has changed from before the first step to the last epoch, cell by cell."""

from dataclasses import dataclass

import numpy as np

from analysis.stats import Difference, FamilyTest, FloatArray, Interval, family_tests, mean_interval, paired_difference
from analysis.tables.runs import cells, confirmed_runs
from analysis.tables.study_tables import Tables


@dataclass(frozen=True, kw_only=True)
class Change:
    """One metric of one cell, at its first and its last epoch.

    Attributes:
        architecture: its name.
        condition: its name.
        metric: a name of `tuning.records.METRICS`.
        epochs: the first and the last that have it.
        start: mean and 95 % t-interval over the confirmation seeds at the first.
        end: the metric at the last epoch.
        difference: end − start, run by run.
        tested: the sign-flip test of that, with Holm's rule over all cells.
    """

    architecture: str
    condition: str
    metric: str
    epochs: tuple[int, int]
    start: Interval
    end: Interval
    difference: Difference
    tested: FamilyTest


def changes(tables: Tables, metric: str) -> tuple[Change, ...]:
    """Compare the last epoch of every confirmation run with its first.

    Args:
        tables: the study's.
        metric: a name of `tuning.records.METRICS`.

    Returns:
        One for each cell with a completed confirmation run that has the metric at two epochs, in the study's order.
    """
    found: list[tuple[tuple[str, str], tuple[int, int], FloatArray, FloatArray]] = []
    for cell in cells(tables):
        runs = confirmed_runs(tables, *cell)
        rows = tables.confirmation[tables.confirmation["run_id"].isin(runs.index)]
        wide = rows.pivot(index="run_id", columns="epoch", values=metric).dropna(axis="columns", how="all")
        if len(wide.columns) < 2:
            continue
        first, last = wide.columns[0], wide.columns[-1]
        found.append((cell, (int(first), int(last)), wide[first].to_numpy(np.float64), wide[last].to_numpy(np.float64)))
    differences = [paired_difference(end, start) for *_, start, end in found]
    family = family_tests([difference.test for difference in differences])
    return tuple(
        Change(
            architecture=architecture,
            condition=condition,
            metric=metric,
            epochs=epochs,
            start=mean_interval(start),
            end=mean_interval(end),
            difference=difference,
            tested=test,
        )
        for ((architecture, condition), epochs, start, end), difference, test in zip(
            found, differences, family, strict=True
        )
    )
