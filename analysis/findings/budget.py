"""What each cell was to cost and what it cost: a comparison is fair where all were given the same."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.findings.matched import wanted
from analysis.tables.study_tags import Asked, factors
from analysis.tables.table import Tables
from tuning import records
from tuning.records import CONFIRMATIONS, Phase, StopReason


@dataclass(frozen=True, kw_only=True)
class Budget:
    """One phase of one cell, in trials, epochs and seconds.

    Evaluation is in neither of the two sums of seconds.

    Attributes:
        planned_trials: None where the store does not keep what was asked.
        planned_epochs: of all planned trials together, if none were stopped early; None as above.
        begun: trials that are stored.
        as_planned: those that trained for all their epochs, were ended by the study's rule of early stopping, or
            diverged.
        diverged: keys of those whose loss or a weight was not finite: they had their budget, and say nothing else.
        epochs: trained by all of them together.
        training_seconds: that the steps of these epochs took; NaN where no epoch was timed.
        measuring_seconds: that their measurements took, with those of the state before the first step; NaN as above.
    """

    planned_trials: int | None
    planned_epochs: int | None
    begun: int
    as_planned: int
    diverged: tuple[str, ...]
    epochs: int
    training_seconds: float
    measuring_seconds: float

    @property
    def missing(self) -> int:
        """Planned trials that have not begun, as far as it is known what was planned."""
        return max((self.planned_trials or 0) - self.begun, 0)

    @property
    def spent(self) -> bool:
        """Whether every planned trial ended as planned; so every stored one, where it is not known what was planned."""
        return self.as_planned >= max(self.planned_trials or 0, self.begun)


def budgets(tables: Tables, runs: pd.DataFrame) -> dict[Phase, Budget]:
    """Count what every phase of a cell has cost.

    Args:
        tables: the study's.
        runs: rows of `Tables.runs`: the cell's.

    Returns:
        By phase: the search, the confirmation, and what else was confirmed where the cell was to have some of it.
    """
    counted = {phase: budget(tables, runs, phase) for phase in (Phase.TUNE, *CONFIRMATIONS)}
    always = (Phase.TUNE, Phase.CONFIRM)
    return {phase: one for phase, one in counted.items() if phase in always or one.planned_trials or one.begun}


def budget(tables: Tables, runs: pd.DataFrame, phase: Phase) -> Budget:
    """Count what one phase of a cell has cost.

    Args:
        tables: the study's.
        runs: rows of `Tables.runs`: the cell's.
        phase: any but ``summary``.

    Returns:
        The budget.
    """
    mine = runs[runs["phase"] == phase]
    times = tables.times[tables.times["run_id"].isin(mine.index)]
    planned = _planned_trials(tables, runs, phase)
    return Budget(
        planned_trials=planned,
        planned_epochs=None if planned is None else planned * tables.asked["training"]["epochs"],
        begun=len(mine),
        as_planned=int(mine["stop_reason"].isin(_ends_as_planned(tables.asked, phase)).sum()),
        diverged=tuple(mine.loc[mine["stop_reason"] == StopReason.DIVERGED, "trial_key"].sort_values()),
        epochs=int(mine["epochs"].sum()),
        training_seconds=float(times[records.EPOCH_SECONDS].sum(min_count=1)),
        measuring_seconds=float(times[records.MEASURE_SECONDS].sum(min_count=1)),
    )


def _planned_trials(tables: Tables, runs: pd.DataFrame, phase: Phase) -> int | None:
    """Return what was planned; at the baseline's learning rate as far as it is known what the two cells have chosen."""
    asked = tables.asked
    if not asked:
        return None
    seeds = int(asked["confirm"]["seeds"])
    match phase:
        case Phase.TUNE:
            return int(asked["search"]["trials"])
        case Phase.MATCHED:
            return seeds * wanted(tables, runs)
        case Phase.ABLATE:
            return seeds * len(factors(asked)) if _apart(asked, runs) else 0
    return seeds


def _apart(asked: Asked, runs: pd.DataFrame) -> bool:
    """Return whether a cell is of the condition that is taken apart."""
    return bool(factors(asked)) and set(runs["condition"]) == {asked["ablate"]["condition"]}


def _ends_as_planned(asked: Asked, phase: Phase) -> list[StopReason]:
    """Return the ends of a trial that had its budget; only a search has a rule that stops trials early."""
    ends = [StopReason.COMPLETED, StopReason.DIVERGED]
    rule = not asked or asked["search"]["early_stopping"]["name"] != "none"
    return [*ends, StopReason.EARLY_STOPPED] if rule and phase is Phase.TUNE else ends


def as_data(budgets: Mapping[Phase, Budget]) -> dict[str, float | None]:
    """Return the budgets of a cell by flat name, with every digit.

    Args:
        budgets: by phase.

    Returns:
        ``{"tune_planned_epochs": 24, "tune_training_seconds": 12.5, …}``; None or NaN where nothing is known.
    """
    return {
        f"{phase}_{name}": getattr(one, name)
        for phase, one in budgets.items()
        for name in ("planned_epochs", "epochs", "training_seconds", "measuring_seconds")
    }
