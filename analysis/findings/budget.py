"""What each cell was to cost and what it cost: a comparison is fair where all were given the same."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.findings.matched import wanted
from analysis.tables.study_data import StudyData
from analysis.tables.study_queries import answers_of
from analysis.tables.study_tables import Tables
from tuning import records
from tuning.full_budget import ends_as_planned
from tuning.records import CONFIRMATIONS, Phase, StopReason, stops_early


@dataclass(frozen=True, kw_only=True)
class Budget:
    """One phase of one cell, in trials, epochs and seconds.

    Evaluation is in neither of the two sums of seconds.

    Attributes:
        planned_trials: None where the store does not keep the study itself.
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


def budgets(tables: Tables, architecture: str, condition: str) -> dict[Phase, Budget]:
    """Count what every phase of a cell has cost.

    Args:
        tables: the study's.
        architecture: its name.
        condition: its name.

    Returns:
        By phase: the search, the confirmation, and what else was confirmed where the cell was to have some of it.
    """
    planned = _planned(tables, architecture, condition)
    runs = tables.runs
    of_cell = runs[(runs["architecture"] == architecture) & (runs["condition"] == condition)]
    counted = {phase: _budget(tables, of_cell, phase, planned.get(phase)) for phase in (Phase.TUNE, *CONFIRMATIONS)}
    always = (Phase.TUNE, Phase.CONFIRM)
    return {
        phase: budget for phase, budget in counted.items() if phase in always or budget.planned_trials or budget.begun
    }


def _budget(tables: Tables, runs: pd.DataFrame, phase: Phase, planned: int | None) -> Budget:
    """Count what one phase of a cell has cost."""
    of_phase = runs[runs["phase"] == phase]
    times = tables.times[tables.times["run_id"].isin(of_phase.index)]
    return Budget(
        planned_trials=planned,
        planned_epochs=None if planned is None else planned * tables.study_data["training"]["epochs"],
        begun=len(of_phase),
        as_planned=int(of_phase["stop_reason"].isin(_ends_as_planned(tables.study_data, phase)).sum()),
        diverged=tuple(of_phase.loc[of_phase["stop_reason"] == StopReason.DIVERGED, "trial_key"].sort_values()),
        epochs=int(of_phase["epochs"].sum()),
        training_seconds=float(times[records.EPOCH_SECONDS].sum(min_count=1)),
        measuring_seconds=float(times[records.MEASURE_SECONDS].sum(min_count=1)),
    )


def _planned(tables: Tables, architecture: str, condition: str) -> dict[Phase, int]:
    """Return the trials that were planned by phase; none where the store does not keep the study itself.

    What else is confirmed is as much as is known: at the baseline's learning rate it rests on what the two cells have
    chosen, and a cell without a run has chosen nothing that a factor could be left out of.
    """
    if not tables.study_data:
        return {}
    planned = dict(answers_of(tables.study_data, architecture, condition).planned)
    runs = tables.runs
    begun = bool(((runs["architecture"] == architecture) & (runs["condition"] == condition)).any())
    planned[Phase.MATCHED] *= wanted(tables, architecture, condition)
    planned[Phase.ABLATE] *= begun
    return planned


def _ends_as_planned(study_data: StudyData, phase: Phase) -> list[StopReason]:
    """Return the ends of a trial that had its budget; of a study that is not known a rule may have stopped some."""
    rule = not study_data or stops_early(study_data["search"]["early_stopping"]["name"])
    return list(ends_as_planned(phase, rule=rule))


def as_data(budgets: Mapping[Phase, Budget]) -> dict[str, float | None]:
    """Return the budgets of a cell by flat name, with every digit.

    Args:
        budgets: by phase.

    Returns:
        ``{"tune_planned_epochs": 24, "tune_training_seconds": 12.5, …}``; None or NaN where nothing is known.
    """
    return {
        f"{phase}_{name}": getattr(budget, name)
        for phase, budget in budgets.items()
        for name in ("planned_epochs", "epochs", "training_seconds", "measuring_seconds")
    }
