"""What the trials of a study have said so far: the one thing that search, schedule, choice and live view look at."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from tuning.records import EPOCH_SECONDS, LIPSCHITZ_BOUND, MEASURE_SECONDS, VAL_LOSS, Phase, StopReason, score
from tuning.settings import TrialSettings, from_params
from tuning.store import ChoiceFrozen, EpochLogged, Event, Journal, RunEnded, RunStarted, RunSuperseded

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
class TrialHistory:
    """One trial so far.

    Attributes:
        settings: of the trial.
        results: by epoch.
        reason: how it ended.
        error: what went wrong, if anything did.
        failed_before: it failed in an earlier session.
        began_anew: why its checkpoint was set aside, if one was.
        put_off: it ended for what is no fault of its own, and goes on when the study is run again.
        live: a worker has begun with it and has not been lost since.
        lost: it failed, now or in an earlier session, because its workers were lost, and not by its setting.
    """

    settings: TrialSettings
    results: dict[int, Result] = field(default_factory=dict)
    reason: StopReason = StopReason.RUNNING
    error: str = ""
    failed_before: bool = False
    began_anew: str = ""
    live: bool = False
    put_off: bool = False
    lost: bool = False

    @property
    def last_epoch(self) -> int:
        """The last epoch reported, 0 before the first."""
        return max(self.results, default=0)

    @property
    def last(self) -> Result | None:
        """The last epoch's result, or None before any."""
        return self.results[self.last_epoch] if self.results else None

    @property
    def ended(self) -> bool:
        """Whether the trial will report no more."""
        return self.reason is not StopReason.RUNNING

    def end(self, *, died: bool) -> None:
        """Set why the trial has ended; one that was put off has not.

        Args:
            died: its worker was lost more often than Ray repeats a trial.
        """
        if self.put_off:
            return
        self.lost = died and not self.error
        if died or self.error:
            self.reason = StopReason.ERROR
        elif self.last is not None and self.last.diverged:
            self.reason = StopReason.DIVERGED
        elif self.last_epoch >= self.settings.training.epochs:
            self.reason = StopReason.COMPLETED
        else:
            self.reason = StopReason.EARLY_STOPPED


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
    """

    trials: dict[str, TrialHistory] = field(default_factory=dict)
    chosen: dict[str, Chosen] = field(default_factory=dict)
    superseded: Counter[str] = field(default_factory=Counter)

    def start(self, settings: TrialSettings) -> TrialHistory:
        """Return the trial's history, begun if it is new."""
        return self.trials.setdefault(settings.key, TrialHistory(settings))

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
        mine = [
            trial for trial in self.trials.values() if trial.settings.cell == cell and trial.settings.phase == phase
        ]
        return sorted(mine, key=lambda trial: trial.settings.index)

    def recall(self, journal: Journal) -> None:
        """Take up what an earlier session has journaled.

        Args:
            journal: of the study.

        Raises:
            ValueError: where it is damaged, or an event cannot follow those before it or tells of what there is not.
        """
        for event, _ in journal.read():
            try:
                self._take(event)
            except (KeyError, TypeError, ValueError) as error:
                raise journal.refuse(
                    "events must tell of trials that have begun, by settings and reasons that there are, got "
                    f"{type(event).__name__} of {event.key} ({type(error).__name__}: {error})"
                ) from error

    def _take(self, event: Event) -> None:
        match event:
            case RunStarted():
                trial = self.trials.setdefault(event.key, TrialHistory(from_params(event.params)))
                trial.reason = StopReason.RUNNING
            case EpochLogged():
                self.trials[event.key].results[event.epoch] = Result.of(event.metrics, event.diverged)
            case RunEnded():
                reason = StopReason(event.tags["stop_reason"])
                # What failed is tried again: the disk may have been full, the node broken.
                self.trials[event.key].failed_before = reason is StopReason.ERROR
                self.trials[event.key].lost = event.tags.get("error", "").startswith(WORKER_LOST)
                goes_on = reason in {StopReason.ERROR, StopReason.INTERRUPTED}
                self.trials[event.key].reason = StopReason.RUNNING if goes_on else reason
            case ChoiceFrozen():
                settings = self.trials[event.key].settings
                self.chosen[settings.cell] = Chosen(settings=settings, trials=event.choice["planned_trials"])
            case RunSuperseded():
                self.supersede(event.key)

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
