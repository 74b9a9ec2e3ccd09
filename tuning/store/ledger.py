"""The journal, folded: what a study has done, run by run, and what a store must hold of it.

Whoever wants to know what the events mean together asks this: the writer, who sends it, and the engine, which goes on
from it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tuning.records import CHOSEN, MEASURE_SECONDS, NONFINITE
from tuning.store.events import ChoiceFrozen, EpochLogged, Event, RunEnded, RunStarted, RunSuperseded
from tuning.store.journal import Journal

RUNNING = "RUNNING"
"""What MLflow calls a run that has not ended."""

FORMERLY = "formerly"
"""What the tag `CHOSEN` of a run says that was chosen before the study grew."""


@dataclass
class RunState:
    """What the journal tells of one run.

    Attributes:
        start: its first start, from which its points' timestamps follow.
        tags: the last value of each.
        params: the first value of each, as MLflow keeps it.
        status: `RUNNING`, or how it has ended.
        end_ms: when it has ended last, None while it runs.
        end: its last end, of a run that goes on too; None before any.
        epochs: those that were reported.
        last_epoch: the last one of which there is a number, 0 where there is none.
        measured: how many of them came with layers, whose tables are the run's files.
        points: how many numbers they hold together.
        choice: what was frozen with it, if anything was.
    """

    start: RunStarted
    tags: dict[str, str]
    params: Mapping[str, str]
    status: str = RUNNING
    end_ms: int | None = None
    end: RunEnded | None = None
    epochs: set[int] = field(default_factory=set)
    last_epoch: int = 0
    measured: int = 0
    points: int = 0
    choice: Mapping[str, Any] | None = None

    @property
    def ended(self) -> bool:
        """Whether it has, for now: a run that was interrupted goes on."""
        return self.status != RUNNING

    @property
    def chosen(self) -> bool:
        """Whether its settings are what its cell confirms."""
        return self.tags.get(CHOSEN) == "true"

    @property
    def superseded(self) -> bool:
        """Whether the run is no result any more."""
        return self.tags.get("phase") == RunSuperseded.PHASE


class Ledger:
    """The runs of a study, by key, in the order of their first start.

    Attributes:
        runs: what is known of each.
        metrics: every name under which a number was reported.
    """

    def __init__(self) -> None:
        self.runs: dict[str, RunState] = {}
        self.metrics: set[str] = set()

    def fold(self, journal: Journal, hear: Callable[[EpochLogged], None] = lambda _: None) -> dict[str, int]:
        """Forget all, and enter what a journal tells.

        Args:
            journal: of the study.
            hear: is told each epoch once, in the order of the journal; numbers of epochs are not kept here.

        Returns:
            The offset behind the last event of each run.

        Raises:
            ValueError: where it is damaged, or tells of a run that has not started.
        """
        self.runs.clear()
        last: dict[str, int] = {}
        for event, end in journal.read():
            if not isinstance(event, RunStarted) and event.key not in self.runs:
                raise journal.refuse(
                    f"events must tell of runs that have started, got {type(event).__name__} of {event.key}"
                )
            if isinstance(event, EpochLogged) and not self.is_known(event):
                hear(event)
            self.take(event)
            last[event.key] = end
        return last

    def __contains__(self, key: str) -> bool:
        """Whether a run has started."""
        return key in self.runs

    def __getitem__(self, key: str) -> RunState:
        """Return the run of that key."""
        return self.runs[key]

    def open(self) -> Iterator[str]:
        """Yield the keys of the runs that have not ended."""
        return (key for key, run in self.runs.items() if not run.ended)

    def is_known(self, event: Event) -> bool:
        """Return whether an event says nothing new: an epoch that a resumed trial reports again.

        Args:
            event: of a run that has started.
        """
        return isinstance(event, EpochLogged) and event.epoch in self.runs[event.key].epochs

    def take(self, event: Event) -> None:
        """Enter the next event.

        Args:
            event: an epoch that `is_known` changes nothing.
        """
        match event:
            case RunStarted():
                self._start(event)
            case EpochLogged():
                self._log(event)
            case RunEnded():
                run = self.runs[event.key]
                run.status, run.end_ms, run.end = event.status, event.time_ms, event
                run.tags |= event.tags
            case ChoiceFrozen():
                self._freeze(event)
            case RunSuperseded():
                self.runs[event.key].tags["phase"] = event.PHASE

    def _start(self, event: RunStarted) -> None:
        run = self.runs.get(event.key)
        if run is None:
            self.runs[event.key] = RunState(start=event, tags=dict(event.tags), params=event.params)
            return
        run.tags |= event.tags
        run.params = {**event.params, **run.params}
        run.status, run.end_ms = RUNNING, None

    def _log(self, event: EpochLogged) -> None:
        run = self.runs[event.key]
        if event.epoch in run.epochs:
            return
        run.epochs.add(event.epoch)
        run.points += len(event.metrics)
        run.last_epoch = max(run.last_epoch, event.epoch if event.metrics else 0)
        run.measured += event.measured or MEASURE_SECONDS in event.metrics  # which older journals tell alone
        self.metrics.update(event.metrics)
        if event.nonfinite:
            run.tags[NONFINITE] = nonfinite_tag(event)

    def _freeze(self, event: ChoiceFrozen) -> None:
        """Of a cell's runs one is the chosen one; a study that grew may have chosen another before."""
        chosen = self.runs[event.key]
        for other in self.runs.values():
            if other.chosen and cell_of(other.start) == cell_of(chosen.start):
                other.tags[CHOSEN] = FORMERLY
        chosen.tags[CHOSEN], chosen.choice = "true", event.choice


def nonfinite_tag(event: EpochLogged) -> str:
    """Return what the tag `NONFINITE` says of an epoch."""
    return f"epoch {event.epoch}: {' '.join(event.nonfinite)}"


def cell_of(start: RunStarted) -> dict[str, str]:
    """Return the tags that tell a run's cell."""
    return {name: start.tags[name] for name in ("architecture", "condition")}
