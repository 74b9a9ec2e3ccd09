"""What the trials of a study have said so far: the one thing that search, schedule, choice and live view look at."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from tuning.engine.state.trial_life import TrialLife
from tuning.records import EPOCH_SECONDS, ERROR, LIPSCHITZ_BOUND, MEASURE_SECONDS, VAL_LOSS, Phase, StopReason, score
from tuning.settings import TrialSettings, from_params
from tuning.store import EpochLogged, Journal, Ledger, RunState

WORKER_LOST = "the worker died: "
"""How the error begins of a trial whose workers were lost again and again, although it got further each time or had not
begun: one that its setting kills is given up sooner (`tuning.engine.tune.attempts`), and raises."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One epoch of one trial, as far as the engine decides by it.

    Attributes:
        objective: validation accuracy; 0, the worst there is, where the trial diverged.
        loss: validation loss, infinite where there is none.
        seconds: what the epoch and its measurement took.
        diverged: the training has ended with this epoch.
        lipschitz: log10 of the network's Lipschitz bound, infinite where it has none or the trial diverged.
    """

    objective: float
    loss: float
    seconds: float
    diverged: bool
    lipschitz: float = math.inf

    @classmethod
    def of(cls, metrics: Mapping[str, float], diverged: bool) -> "Result":
        """Return what the engine keeps of one epoch's metrics."""
        return cls(
            objective=score(metrics),
            loss=metrics.get(VAL_LOSS, math.inf),
            seconds=metrics.get(EPOCH_SECONDS, 0.0) + metrics.get(MEASURE_SECONDS, 0.0),
            diverged=diverged,
            lipschitz=math.inf if diverged else metrics.get(LIPSCHITZ_BOUND, math.inf),
        )


@dataclass
class TrialHistory(TrialLife):
    """One trial so far: its life, and what it has reported.

    Attributes:
        settings: of the trial.
        results: by epoch.
        began_anew: why its checkpoint was set aside, if one was.
    """

    settings: TrialSettings
    results: dict[int, Result] = field(default_factory=dict)
    began_anew: str = ""

    @property
    def last_epoch(self) -> int:
        """The last epoch reported, 0 before the first."""
        return max(self.results, default=0)

    @property
    def last(self) -> Result | None:
        """The last epoch's result, or None before any."""
        return self.results[self.last_epoch] if self.results else None

    def end(self, *, died: bool) -> None:
        """End the trial, and tell by what it has reported why.

        Args:
            died: its worker was lost more often than Ray repeats a trial.
        """
        if died or self.error:
            self.end_as(StopReason.ERROR, lost=died and not self.error)
        elif self.last is not None and self.last.diverged:
            self.end_as(StopReason.DIVERGED)
        elif self.last_epoch >= self.settings.training.epochs:
            self.end_as(StopReason.COMPLETED)
        else:
            self.end_as(StopReason.EARLY_STOPPED)


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What a cell confirms, and how large the search was that has found it.

    Attributes:
        settings: of the chosen trial.
        trials: planned in the cell.
    """

    settings: TrialSettings
    trials: int


@dataclass
class History:
    """What a study has done so far.

    Attributes:
        trials: all of them by key, in the order in which they were started, without those that were superseded.
        chosen: by cell, what is confirmed; once there, it stays, unless the study grows.
        superseded: by the key of its first generation, how often a trial was replaced because the study grew.
        proposed: by key, trials that no worker has begun with.
    """

    trials: dict[str, TrialHistory] = field(default_factory=dict)
    chosen: dict[str, Chosen] = field(default_factory=dict)
    superseded: Counter[str] = field(default_factory=Counter)
    proposed: dict[str, TrialHistory] = field(default_factory=dict)

    def start(self, settings: TrialSettings) -> TrialHistory:
        """Return the history of a trial with which a worker begins, the first or the next."""
        trial = self.enter(settings)
        trial.begin()
        return trial

    def enter(self, settings: TrialSettings) -> TrialHistory:
        """Return a trial's history, which is among the study's trials from now on."""
        trial = self.trial(settings)
        self.proposed.pop(settings.key, None)
        return self.trials.setdefault(settings.key, trial)

    def trial(self, settings: TrialSettings) -> TrialHistory:
        """Return a trial's history; of one that nobody has begun with it is kept apart."""
        known = self.trials.get(settings.key)
        return self.proposed.setdefault(settings.key, TrialHistory(settings)) if known is None else known

    def renewed(self, settings: TrialSettings) -> TrialSettings:
        """Return the settings as those of the generation that is now: the trials before it were superseded.

        Args:
            settings: of any generation.
        """
        return replace(settings, generation=self.superseded[_first(settings).key])

    def supersede(self, key: str) -> None:
        """Put a trial aside; the next one of its phase, cell and index is of another generation.

        Args:
            key: the trial's.
        """
        self.superseded[_first(self.trials.pop(key).settings).key] += 1

    def of(self, cell: str, phase: Phase) -> list[TrialHistory]:
        """Return the trials of one cell and phase by index."""
        found = [
            trial for trial in self.trials.values() if trial.settings.cell == cell and trial.settings.phase == phase
        ]
        return sorted(found, key=lambda trial: trial.settings.index)

    def recall(self, journal: Journal) -> None:
        """Take up what an earlier session has journaled.

        Args:
            journal: of the study.

        Raises:
            ValueError: where it is damaged, or an event cannot follow those before it or tells of what there is not.
        """
        results: defaultdict[str, dict[int, Result]] = defaultdict(dict)

        def hear(event: EpochLogged) -> None:
            results[event.key][event.epoch] = Result.of(event.metrics, event.diverged)

        ledger = Ledger()
        ledger.fold(journal, hear)
        for key, run in ledger.runs.items():
            try:
                self._take_up(run, results[key])
            except (KeyError, TypeError, ValueError) as error:
                raise journal.refuse(
                    f"events must tell of settings, ends and choices that there are, got those of {key} "
                    f"({type(error).__name__}: {error})"
                ) from error

    def _take_up(self, run: RunState, results: dict[int, Result]) -> None:
        """Enter what a run of an earlier session says of its trial."""
        settings = from_params(run.start.params)
        if run.choice is not None and run.chosen:
            self.chosen[settings.cell] = Chosen(settings=settings, trials=run.choice["planned_trials"])
        if run.superseded:
            self.superseded[_first(settings).key] += 1
            return
        trial = self.trials[run.start.key] = TrialHistory(settings, results)
        if run.end is None:
            return
        reason, lost = StopReason(run.end.tags["stop_reason"]), run.end.tags.get(ERROR, "").startswith(WORKER_LOST)
        trial.recall(reason, lost=lost, ended=run.ended)

    def running(self) -> Iterator[TrialHistory]:
        """Yield the trials that have not ended."""
        return (trial for trial in self.trials.values() if not trial.ended)


def _first(settings: TrialSettings) -> TrialSettings:
    return replace(settings, generation=0)


def best(trials: list[TrialHistory]) -> TrialHistory | None:
    """Return the trial to confirm: best validation accuracy after its last epoch, at full budget.

    A trial that was stopped early or diverged is never chosen: its number belongs to another budget. Ties, which are
    common on small validation parts, go to the smaller validation loss, then to the earlier trial.

    Args:
        trials: the tune phase of one cell.

    Returns:
        The chosen trial, or None where none was completed.
    """
    completed = [trial for trial in trials if trial.reason is StopReason.COMPLETED and trial.last is not None]
    if not completed:
        return None
    return min(completed, key=lambda t: (-t.last.objective, t.last.loss, t.settings.index))  # type: ignore[union-attr]
