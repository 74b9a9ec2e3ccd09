"""Every condition at the baseline's learning rate: what is left of a difference when the learning rate is the same."""

from dataclasses import dataclass

import pandas as pd

from analysis.findings.pairs import accuracies, compared
from analysis.stats import Difference, Interval, mean_interval
from analysis.tables.runs import RATE, chosen
from analysis.tables.study_queries import answers_of, baseline
from analysis.tables.study_tables import Tables
from tuning.records import Phase


@dataclass(frozen=True, kw_only=True)
class AtRate:
    """One condition at the baseline's learning rate.

    Attributes:
        condition: its name.
        own_rate: the learning rate that it has chosen itself.
        own: test accuracy at that, mean and 95 % t-interval over seeds, shares between 0 and 1.
        test_accuracy: at the baseline's; the same as ``own`` where it has chosen that.
        difference: from the baseline at one learning rate, over the seeds that both completed.
        runs: how many were begun at it.
    """

    condition: str
    own_rate: float
    own: Interval
    test_accuracy: Interval
    difference: Difference
    runs: int


@dataclass(frozen=True, kw_only=True)
class Matched:
    """The conditions of one architecture at one learning rate.

    Attributes:
        architecture: its name.
        baseline: the condition whose learning rate it is.
        learning_rate: that one.
        conditions: those that were trained at it, in the study's order, the baseline among them.
        left_out: those that were not.
    """

    architecture: str
    baseline: str
    learning_rate: float
    conditions: tuple[AtRate, ...]
    left_out: tuple[str, ...]

    @property
    def repeated(self) -> bool:
        """Whether all of it is the comparison once more, each condition having chosen that learning rate itself."""
        return all(at_rate.own_rate == self.learning_rate for at_rate in self.conditions)


def matched(tables: Tables) -> tuple[Matched, ...]:
    """Collect what was trained at the baseline's learning rate.

    A condition that has it anyway, by choice or as a constant, was not trained again: its confirmation counts. Who is
    compared is therefore read off the runs: the study's own answer says only whom it trains again.

    Args:
        tables: the study's.

    Returns:
        One for each architecture whose baseline was confirmed, in the study's order; none where the study asked for
        no such runs.
    """
    plain = baseline(tables.study_data)
    runs = tables.runs[tables.runs["phase"].isin([Phase.CONFIRM, Phase.MATCHED])]
    found = []
    for architecture in runs["architecture"].cat.categories:
        of_architecture = runs[runs["architecture"] == architecture]
        of_baseline = of_architecture[
            (of_architecture["condition"] == plain) & (of_architecture["phase"] == Phase.CONFIRM)
        ]
        if len(of_baseline):
            found.append(_matched(str(architecture), of_architecture, of_baseline))
    return tuple(found)


def wanted(tables: Tables, architecture: str, condition: str) -> bool:
    """Return whether a cell was to be trained at its baseline's learning rate too.

    It was where its study says so, and both have been confirmed and have chosen other learning rates.

    Args:
        tables: the study's.
        architecture: its name.
        condition: its name.
    """
    if not answers_of(tables.study_data, architecture, condition).matched:
        return False
    own, plain = (chosen(tables, architecture, str(name)) for name in (condition, baseline(tables.study_data)))
    return own is not None and plain is not None and bool(own[RATE] != plain[RATE])


def _matched(architecture: str, runs: pd.DataFrame, of_baseline: pd.DataFrame) -> Matched:
    rate, optimizer = of_baseline[RATE].iloc[0], of_baseline["optimizer"].iloc[0]
    names = list(runs["condition"].cat.categories)
    conditions = []
    for name in names:
        of_condition = runs[runs["condition"] == name]
        own, at_rate = of_condition[of_condition["phase"] == Phase.CONFIRM], of_condition[of_condition[RATE] == rate]
        if not len(own) or not len(at_rate) or set(at_rate["optimizer"]) != {optimizer}:
            continue
        conditions.append(
            AtRate(
                condition=name,
                own_rate=float(own[RATE].iloc[0]),
                own=mean_interval(accuracies(own)),
                test_accuracy=mean_interval(accuracies(at_rate)),
                difference=compared(at_rate, of_baseline),
                runs=len(at_rate),
            )
        )
    trained = [at_rate.condition for at_rate in conditions]
    return Matched(
        architecture=architecture,
        baseline=str(of_baseline["condition"].iloc[0]),
        learning_rate=float(rate),
        conditions=tuple(conditions),
        left_out=tuple(name for name in names if name not in trained),
    )
