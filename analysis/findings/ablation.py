"""What each factor of a condition contributes: the whole against the whole without it, on the same seeds."""

from dataclasses import dataclass

import pandas as pd

from analysis.findings.pairs import accuracies, compared
from analysis.stats import Difference, Interval, mean_interval
from analysis.tables.study_queries import factors
from analysis.tables.study_tables import Tables
from tuning.records import Phase


@dataclass(frozen=True, kw_only=True)
class Without:
    """A condition with one factor switched off, at the setting that was tuned for the whole.

    Attributes:
        factor: its name.
        test_accuracy: mean and 95 % t-interval over the seeds that completed, shares between 0 and 1.
        difference: of the whole less what is left, over the seeds that both completed.
        runs: how many were begun.
    """

    factor: str
    test_accuracy: Interval
    difference: Difference
    runs: int


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """One architecture under one condition, taken apart.

    Attributes:
        architecture: its name.
        condition: its name.
        whole: test accuracy of the confirmation with everything in it.
        runs: how many runs of it were begun.
        without: one a factor, in the order of the study.
    """

    architecture: str
    condition: str
    whole: Interval
    runs: int
    without: tuple[Without, ...]


def ablations(tables: Tables) -> tuple[Ablation, ...]:
    """Compare the whole with what is left of it, factor by factor.

    Args:
        tables: the study's.

    Returns:
        One for each architecture with runs that lack a factor, in the study's order.
    """
    runs = tables.runs
    ablated = runs[runs["phase"] == Phase.ABLATE]
    order = list(factors(tables.study_data))
    found = []
    for (architecture, condition), lacking in ablated.groupby(["architecture", "condition"], observed=True, sort=True):
        of_cell = (runs["architecture"] == architecture) & (runs["condition"] == condition)
        whole = runs[of_cell & (runs["phase"] == Phase.CONFIRM)]
        there = set(lacking["ablated"])
        names = [name for name in order if name in there] + sorted(there - set(order))
        found.append(
            Ablation(
                architecture=str(architecture),
                condition=str(condition),
                whole=mean_interval(accuracies(whole)),
                runs=len(whole),
                without=tuple(_without(name, whole, lacking[lacking["ablated"] == name]) for name in names),
            )
        )
    return tuple(found)


def _without(factor: str, whole: pd.DataFrame, rest: pd.DataFrame) -> Without:
    return Without(
        factor=factor,
        test_accuracy=mean_interval(accuracies(rest)),
        difference=compared(whole, rest),
        runs=len(rest),
    )
