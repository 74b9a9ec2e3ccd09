"""Condition against condition on each architecture: what the confirmation runs say, and how they came."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.findings.budget import Budget, budgets
from analysis.findings.effects import Effects, effects
from analysis.stats import Difference, FamilyTest, Interval, mean_interval
from analysis.tables.runs import chosen, completed
from analysis.tables.study_queries import searched
from analysis.tables.study_tables import PARAM, Tables
from tuning import records
from tuning.records import Phase, StopReason

MEASURES = {
    "test_accuracy": records.TEST_ACCURACY,
    "val_accuracy": records.VAL_ACCURACY,
    "log10_lipschitz": records.LIPSCHITZ_BOUND,
    "spectral_norm": records.SPECTRAL_NORM_MAX,
    "effective_rank": records.EFFECTIVE_RANK_MEAN,
}
"""What a cell is described by, and the metric whose value after the last epoch it is."""


@dataclass(frozen=True, kw_only=True)
class Endings:
    """How the runs of one phase of a cell ended, and what they cost.

    Attributes:
        completed: trained for all their epochs.
        early_stopped: ended by the scheduler, because others of the cell did better.
        diverged: ended with a loss or a weight that was not finite.
        failed: ended with an error.
        unfinished: neither ended nor, if the study was interrupted, resumed.
        epochs: epochs that all of them trained together.
    """

    completed: int
    early_stopped: int
    diverged: int
    failed: int
    unfinished: int
    epochs: int

    @property
    def runs(self) -> int:
        """How many runs there are, however they ended."""
        return self.completed + self.early_stopped + self.diverged + self.failed + self.unfinished


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One architecture under one condition.

    Attributes:
        architecture: its name.
        condition: its name.
        measures: an interval over the confirmation runs for each name of `MEASURES`; without values
            (``n = 0``) where none has completed. A tuning run never enters: the best of many noisy values
            would overstate the cell.
        epoch_seconds: the median duration of the confirmation runs' epochs; NaN without such runs.
        chosen: the settings under which it was confirmed, of those that were searched.
        seeds: of the confirmation runs that completed.
        tune: how the tuning runs ended.
        confirm: how the confirmation runs ended.
        budgets: by phase what was planned, and what was spent: ``tune``, ``confirm``, and ``matched`` and ``ablate``
            where the cell has some of it.
    """

    architecture: str
    condition: str
    measures: Mapping[str, Interval]
    epoch_seconds: float
    chosen: Mapping[str, object]
    seeds: tuple[int, ...]
    tune: Endings
    confirm: Endings
    budgets: Mapping[Phase, Budget]

    @property
    def confirmed(self) -> bool:
        """Whether there is a test accuracy to speak of."""
        return self.measures["test_accuracy"].n > 0


@dataclass(frozen=True, kw_only=True)
class Lead:
    """A condition of the highest mean test accuracy against one of a lower mean, on the same architecture.

    Attributes:
        condition: the one of the highest mean.
        against: the other.
        difference: of test accuracy, condition − against, over the confirmation seeds that both completed.
        tested: its test, beside those of the comparisons among which the report lists it; None without a shared seed.
    """

    condition: str
    against: str
    difference: Difference
    tested: FamilyTest | None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All cells of a study.

    Attributes:
        study: its name.
        architectures: in the study's order.
        conditions: in the study's order.
        cells: by ``(architecture, condition)``, every pair of the two.
        leads: by architecture, each condition of the highest mean against each confirmed one of a lower mean.
        effects: of the conditions on test accuracy.
    """

    study: str
    architectures: tuple[str, ...]
    conditions: tuple[str, ...]
    cells: Mapping[tuple[str, str], Cell]
    leads: Mapping[str, tuple[Lead, ...]]
    effects: Effects

    def of(self, architecture: str) -> tuple[Cell, ...]:
        """Return an architecture's cells in the order of the conditions."""
        return tuple(self.cells[architecture, condition] for condition in self.conditions)

    def confirmed(self, architecture: str) -> tuple[Cell, ...]:
        """Return those of an architecture's cells that have a test accuracy."""
        return tuple(cell for cell in self.of(architecture) if cell.confirmed)

    def best(self, architecture: str) -> tuple[Cell, ...]:
        """Return the cells of the highest mean test accuracy: several at a tie, none without a rival."""
        return _best(self.confirmed(architecture))


def comparison(tables: Tables) -> Comparison:
    """Describe every cell by its confirmation runs, and tell how it was tuned.

    Args:
        tables: the study's.

    Returns:
        The comparison; accuracies are shares between 0 and 1.

    Raises:
        ValueError: if no run of the study has completed, for then there is nothing to compare.
    """
    runs = tables.runs
    if completed(runs).empty:
        raise ValueError(_nothing_completed(tables.study, runs))
    architectures = tuple(runs["architecture"].cat.categories)
    conditions = tuple(runs["condition"].cat.categories)
    found = effects(tables)
    cells = {}
    leads = {}
    for architecture in architectures:
        of = {name: runs[(runs["architecture"] == architecture) & (runs["condition"] == name)] for name in conditions}
        by_condition = {name: _cell(architecture, name, rows, tables) for name, rows in of.items()}
        cells.update({(architecture, name): cell for name, cell in by_condition.items()})
        leads[architecture] = _leads([cell for cell in by_condition.values() if cell.confirmed], found)
    return Comparison(
        study=tables.study,
        architectures=architectures,
        conditions=conditions,
        cells=cells,
        leads=leads,
        effects=found,
    )


def _best(confirmed: Sequence[Cell]) -> tuple[Cell, ...]:
    if len(confirmed) < 2:
        return ()
    means = {cell.condition: cell.measures["test_accuracy"].mean for cell in confirmed}
    top = max(means.values())  # equal counts of right images may differ in the last bit of their mean
    return tuple(cell for cell in confirmed if math.isclose(means[cell.condition], top, rel_tol=1e-12))


def _leads(confirmed: Sequence[Cell], found: Effects) -> tuple[Lead, ...]:
    """Compare each of the best cells of an architecture with each cell that is not among them."""
    best = [cell.condition for cell in _best(confirmed)]
    others = [cell.condition for cell in confirmed if cell.condition not in best]
    return tuple(
        Lead(
            condition=condition,
            against=other,
            difference=found.difference(confirmed[0].architecture, condition, other),
            tested=None if contrast is None else contrast.tested,
        )
        for condition in best
        for other in others
        for contrast in [found.between_two(confirmed[0].architecture, condition, other)]
    )


def _cell(architecture: str, condition: str, runs: pd.DataFrame, tables: Tables) -> Cell:
    confirm = runs[runs["phase"] == Phase.CONFIRM]
    done = completed(confirm)
    # Epoch 0 is the state before the first step: it trains nothing and has no duration.
    timed = tables.times[tables.times["run_id"].isin(done.index) & (tables.times["epoch"] > 0)]
    return Cell(
        architecture=architecture,
        condition=condition,
        measures={name: mean_interval(done[metric].to_numpy(float)) for name, metric in MEASURES.items()},
        epoch_seconds=float(timed[records.EPOCH_SECONDS].median()),
        chosen=_searched(chosen(tables, architecture, condition), searched(tables.study_data, condition)),
        seeds=tuple(sorted(int(seed) for seed in done["seed"])),
        tune=endings(runs[runs["phase"] == Phase.TUNE]),
        confirm=endings(confirm),
        budgets=budgets(tables, architecture, condition),
    )


def endings(runs: pd.DataFrame) -> Endings:
    """Count how runs ended.

    Args:
        runs: rows of `Tables.runs`.

    Returns:
        The counts. A run whose process was lost before it could say why counts as failed if the store calls
        it so, else as unfinished.
    """
    reason = runs["stop_reason"]
    completed = reason == StopReason.COMPLETED
    early_stopped = reason == StopReason.EARLY_STOPPED
    diverged = reason == StopReason.DIVERGED
    named = completed | early_stopped | diverged
    failed = ~named & ((reason == StopReason.ERROR) | (runs["status"] == "FAILED"))
    return Endings(
        completed=int(completed.sum()),
        early_stopped=int(early_stopped.sum()),
        diverged=int(diverged.sum()),
        failed=int(failed.sum()),
        unfinished=int((~named & ~failed).sum()),
        epochs=int(runs["epochs"].sum()),
    )


def _searched(run: "pd.Series[Any] | None", varied: Sequence[str]) -> dict[str, object]:
    """Return those settings of a run that were searched; none of no run."""
    return {} if run is None else {name: run[PARAM + name] for name in varied if PARAM + name in run}


def _nothing_completed(study: str, runs: pd.DataFrame) -> str:
    ended = endings(runs)
    told = [
        f"{getattr(ended, name)} {name.replace('_', ' ')}"
        for name in ("early_stopped", "diverged", "failed", "unfinished")
        if getattr(ended, name)
    ]
    got = f"{len(runs)} runs ({', '.join(told)})" if told else "no run"
    cure = "run it to its end" if ended.unfinished or not told else "MLflow says of each run how it ended"
    return f"a comparison needs a completed run, got {got} in study {study!r}; {cure}"
