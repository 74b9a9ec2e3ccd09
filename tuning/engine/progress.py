"""The live view: a line for each cell, redrawn in place on a terminal, a line a trial elsewhere and in the log."""

import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from tuning.engine.history import History, TrialHistory
from tuning.engine.log import StudyLog
from tuning.engine.store_watch import StoreWatch
from tuning.records import CONFIRMATIONS, Phase, StopReason
from tuning.study import Study, confirmations_planned


class Progress:
    """What a person at the terminal sees of a running study.

    Args:
        study: whose cells are shown.
        history: what the trials have said.
        console: where to write.
        log: what is said, for later; None where nothing is kept.
    """

    def __init__(self, study: Study, history: History, console: Console, log: StudyLog | None = None) -> None:
        self._study = study
        self._history = history
        self._console = console
        self._log = log
        self._redrawn = console.is_terminal  # to the end, though the terminal may be closed before
        self._phase = Phase.TUNE
        self._planned: Mapping[str, int] = {}
        self._to_confirm = confirmations_planned(study)
        self._spoken = False
        self._began = time.monotonic()
        self._finished = False
        self._done_before = 0.0
        self._store = StoreWatch(lambda: None)
        self._live = self._new_live()

    def _new_live(self) -> Live:
        """A display that stays on the screen when it stops; each phase has its own."""
        return Live(console=self._console, get_renderable=self._table, refresh_per_second=2, transient=False)

    @contextmanager
    def preparing(self, step: str) -> Generator[None]:
        """Show what is being prepared and that it goes on, so that nobody waits before a still screen.

        Args:
            step: what is done meanwhile.
        """
        if not self._redrawn:
            yield
            return
        with self._console.status(f"[dim]{step} …[/]"):
            yield

    def say(self, *lines: str) -> None:
        """Write lines as they are, however long.

        Args:
            *lines: what to say.
        """
        self._keep(*lines)
        for line in lines:
            self._console.print(escape(line), highlight=False, soft_wrap=True)

    def _say_beside(self, line: str) -> None:
        """Say what a table that is redrawn shows as well: then for the log alone."""
        if self._redrawn:
            self._keep(line)
        else:
            self.say(line)

    def _keep(self, *lines: str) -> None:
        if self._log is not None:
            self._log.keep(*lines)

    def nothing_left(self, trials: int) -> None:
        """Say that the study has ended before.

        Args:
            trials: how many it has run.
        """
        self.say(f"nothing left to do: all {trials} trials of {self._study.name} have ended")

    def going_on(self) -> None:
        """Say what is kept of an earlier run, if there was one."""
        if not self._history.trials:
            return
        ended = sum(trial.ended for trial in self._history.trials.values())
        begun = len(self._history.trials) - ended
        self.say(f"{self._study.name} goes on where it stopped; trials that have ended: {ended}, that go on: {begun}")

    def begin(self, phase: Phase, planned: Mapping[str, int]) -> None:
        """Show a phase.

        Args:
            phase: any but ``summary``.
            planned: its trials by cell; a cell without any is not shown.
        """
        self._phase, self._planned, self._spoken = phase, planned, False
        self._began, self._finished = time.monotonic(), False
        past = [trial for cell in planned for trial in self._history.of(cell, phase)]
        self._done_before = sum(map(_seconds, past))
        if self._redrawn:
            self._live = self._new_live()
            self._live.start()

    def finish(self) -> None:
        """Leave the phase's last state on the screen."""
        self._finished = True
        if self._redrawn:
            self._live.stop()

    def watch(self, store: StoreWatch) -> None:
        """Say from now on when the store is in trouble.

        Args:
            store: what knows.
        """
        self._store = store

    def update(self) -> None:
        """Say the first epoch at once: a log shows life before the first trial ends."""
        if said := self._store.news():
            self._say_beside(said)
        if self._spoken:
            return
        for trial in self._history.running():
            if trial.settings.phase is self._phase and trial.last_epoch >= 1 and trial.last is not None:
                self._spoken = True
                self._say_beside(
                    f"{self._phase}: first epoch of {_named(trial)}, val accuracy {trial.last.objective:.4f}"
                )
                return

    def ended(self, trial: TrialHistory) -> None:
        """Say how a trial has ended."""
        mine = self._history.of(trial.settings.cell, self._phase)
        done = sum(other.ended for other in mine)
        value = f"val accuracy {trial.last.objective:.4f}" if trial.last is not None else "no epoch"
        self._say_beside(
            f"{self._phase}: {_named(trial)} {done}/{self._planned[trial.settings.cell]} {_spoken(trial.reason)} "
            f"after {trial.last_epoch} epochs, {value}; {self._rest(self._seconds_left())}"
        )

    def _table(self) -> Table:
        left = self._seconds_left()
        over = _duration(time.monotonic() - self._began)
        rest = f"{self._ended_as()} {over}" if self._finished else self._rest(left)
        title = f"{self._study.name} · {self._phase} · {rest}"
        table = Table(
            title=title,
            title_justify="left",
            caption=escape(self._store.state() or ""),
            caption_justify="left",
            pad_edge=False,
            box=None,
            header_style="bold",
        )
        table.add_column("cell", no_wrap=True)
        for heading in ("ended", "early", "failed", "running", "best val accuracy", "left"):
            table.add_column(heading, justify="right")
        for cell, planned in self._planned.items():
            trials = self._history.of(cell, self._phase)
            table.add_row(cell, *self._row(trials, planned), _duration(left[cell]))
        return table

    def _row(self, trials: Sequence[TrialHistory], planned: int) -> tuple[str, ...]:
        counts = {reason: sum(trial.reason is reason for trial in trials) for reason in StopReason}
        failed = counts[StopReason.DIVERGED] + counts[StopReason.ERROR]
        leader = max((t.last.objective for t in trials if t.last is not None and t.last_epoch), default=None)
        return (
            f"{sum(trial.ended for trial in trials)}/{planned}",
            str(counts[StopReason.EARLY_STOPPED] or "–"),
            f"[red]{failed}[/]" if failed else "–",
            str(counts[StopReason.RUNNING] or "–"),
            "–" if leader is None else f"{leader:.4f}",
        )

    def _ended_as(self) -> str:
        ended = {cell: sum(trial.ended for trial in self._history.of(cell, self._phase)) for cell in self._planned}
        return "done in" if all(ended[cell] >= planned for cell, planned in self._planned.items()) else "stopped after"

    def _rest(self, left: Mapping[str, float | None]) -> str:
        """Say what is left of the phase, and of the study where phases are still to come."""
        here, to_come = _total(left), self._seconds_to_come()
        told = f"{_duration(here)} left in {self._phase}"
        return told if here is None or not to_come else f"{told}, about {_duration(here + to_come)} to the end"

    def _seconds_to_come(self) -> float:
        """Return an estimate of the phases after this one, at most what is planned; 0 before any trial has ended.

        A cell's confirmations are taken to last as its trials would, had none been stopped early.
        """
        rate = self._rate()
        wholes = {cell: [_whole(trial) for trial in self._history.of(cell, self._phase)] for cell in self._planned}
        everywhere = _mean(value for mine in wholes.values() for value in mine)
        phases = (Phase.TUNE, *CONFIRMATIONS)
        later = [self._to_confirm[phase] for phase in phases[phases.index(self._phase) + 1 :]]
        each = (count * (_mean(wholes.get(cell, ())) or everywhere) for cells in later for cell, count in cells.items())
        return 0.0 if rate is None else rate * sum(each)

    def _rate(self) -> float | None:
        """Return how long this session takes for a second of a trial, trials side by side; None before one has ended.

        Ray's own time between trials is in it.
        """
        trials = [trial for cell in self._planned for trial in self._history.of(cell, self._phase)]
        done = sum(map(_seconds, trials))
        if done <= self._done_before or not any(trial.ended for trial in trials):
            return None
        return (time.monotonic() - self._began) / (done - self._done_before)

    def _seconds_left(self) -> dict[str, float | None]:
        """Return an estimate for each cell; None before any trial has ended.

        What is left of a cell is its mean trial so far times the trials still to run, less what the running ones have
        done; before one has ended, its running ones are taken at their pace.
        The cells run side by side, so theirs add up to that of the phase.
        """
        trials = {cell: self._history.of(cell, self._phase) for cell in self._planned}
        rate = self._rate()
        if rate is None:
            return dict.fromkeys(trials)
        ended = {cell: [_seconds(trial) for trial in mine if trial.ended] for cell, mine in trials.items()}
        everywhere = [value for mine in ended.values() for value in mine]
        left: dict[str, float | None] = {}
        for cell, mine in trials.items():
            mean = _mean(ended[cell]) or _mean(map(_whole, mine)) or _mean(everywhere)
            running = sum(_seconds(trial) for trial in mine if not trial.ended)
            left[cell] = rate * max(0.0, mean * (self._planned[cell] - len(ended[cell])) - running)
        return left


def _named(trial: TrialHistory) -> str:
    return f"{trial.settings.architecture.name}/{trial.settings.title}"


def _seconds(trial: TrialHistory) -> float:
    return sum(result.seconds for result in trial.results.values())


def _mean(seconds: Iterable[float]) -> float:
    known = [value for value in seconds if value > 0]
    return sum(known) / len(known) if known else 0.0


def _whole(trial: TrialHistory) -> float:
    """Return what a trial will take, from its epochs so far; 0 before the first."""
    epochs = trial.last_epoch
    return _seconds(trial) / epochs * trial.settings.training.epochs if epochs else 0.0


def _total(left: Mapping[str, float | None]) -> float | None:
    known = [seconds for seconds in left.values() if seconds is not None]
    return sum(known) if known else None


def _spoken(reason: StopReason) -> str:
    return str(reason).replace("_", " ")


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "?"
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
