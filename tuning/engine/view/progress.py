"""The live view: a line for each cell, redrawn in place on a terminal, a line a trial elsewhere and in the log."""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from tuning import logs
from tuning.durations import rough_duration
from tuning.engine.state.history import History, TrialHistory
from tuning.engine.view.remaining import Left, Outlook
from tuning.engine.view.store_watch import StoreWatch
from tuning.records import Phase, StopReason
from tuning.study import Study


class Progress:
    """What a person at the terminal sees of a running study.

    Args:
        study: whose cells are shown.
        history: what the trials have said.
        console: where to write.
        outlook: returns what is left; None while nobody knows.
    """

    def __init__(
        self,
        study: Study,
        history: History,
        console: Console,
        outlook: Callable[[], Outlook | None] = lambda: None,
    ) -> None:
        self._study = study
        self._history = history
        self._console = console
        self._redrawn = console.is_terminal  # to the end, though the terminal may be closed before
        self._phase = Phase.TUNE
        self._planned: Mapping[str, int] = {}
        self._outlook = outlook
        self._spoken = False
        self._began = time.monotonic()
        self._finished = False
        self._bests: dict[str, float | None] = {}
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
        logs.say(*lines)
        for line in lines:
            self._console.print(escape(line), highlight=False, soft_wrap=True)

    def _say_beside(self, line: str) -> None:
        """Say what a table that is redrawn shows as well: then for the log alone."""
        if self._redrawn:
            logs.say(line)
        else:
            self.say(line)

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

    def started(self) -> None:
        """Hear that a worker has begun with a trial."""
        self._say_news()

    def reported(self, trial: TrialHistory) -> None:
        """Say the first epoch at once: a log shows life before the first trial ends.

        Args:
            trial: that has reported an epoch.
        """
        self._say_news()
        if not self._spoken and trial.last_epoch >= 1 and trial.last is not None:
            self._spoken = True
            self._say_beside(f"{self._phase}: first epoch of {_named(trial)}, val accuracy {trial.last.objective:.4f}")

    def _say_news(self) -> None:
        if said := self._store.news():
            self._say_beside(said)

    def ended(self, trial: TrialHistory) -> None:
        """Say how a trial has ended.

        Args:
            trial: of the phase that runs.
        """
        trials = self._history.of(trial.settings.cell, self._phase)
        done = sum(other.ended for other in trials)
        value = f"val accuracy {trial.last.objective:.4f}" if trial.last is not None else "no epoch"
        self._say_beside(
            f"{self._phase}: {_named(trial)} {done}/{self._planned[trial.settings.cell]} {_spoken(trial.reason)} "
            f"after {trial.last_epoch} epochs, {value}; {_rest(self._phase, self._outlook())}"
        )

    def _table(self) -> Table:
        left = self._outlook()
        over = _duration(time.monotonic() - self._began)
        rest = f"{self._ended_as()} {over}" if self._finished else _rest(self._phase, left)
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
            table.add_row(cell, *self._row(trials, planned), _duration(None if left is None else left.cells[cell]))
        return table

    def _row(self, trials: Sequence[TrialHistory], planned: int) -> tuple[str, ...]:
        counts = {reason: sum(trial.reason is reason for trial in trials) for reason in StopReason}
        failed = counts[StopReason.DIVERGED] + counts[StopReason.ERROR]
        best = max((value for value in map(self._best, trials) if value is not None), default=None)
        return (
            f"{sum(trial.ended for trial in trials)}/{planned}",
            str(counts[StopReason.EARLY_STOPPED] or "–"),
            f"[red]{failed}[/]" if failed else "–",
            str(counts[StopReason.RUNNING] or "–"),
            "–" if best is None else f"{best:.4f}",
        )

    def _best(self, trial: TrialHistory) -> float | None:
        """Return the best of a trial's epochs: its last may be worse, and what is shown as the best must not fall."""
        key = trial.settings.key
        if key not in self._bests or not trial.ended:
            looks = (result.objective for epoch, result in list(trial.results.items()) if epoch > 0)
            self._bests[key] = max(looks, default=None)
        return self._bests[key]

    def _ended_as(self) -> str:
        ended = {cell: sum(trial.ended for trial in self._history.of(cell, self._phase)) for cell in self._planned}
        return "done in" if all(ended[cell] >= planned for cell, planned in self._planned.items()) else "stopped after"


def _rest(phase: Phase, left: Outlook | None) -> str:
    """Say what is left of the phase, and of the study where phases are still to come."""
    if left is None:
        return f"? left in {phase}"
    told = f"{_between(left.phase)} left in {phase}"
    return told if left.study.seconds <= left.phase.seconds else f"{told}, {_between(left.study)} to the end"


def _named(trial: TrialHistory) -> str:
    return f"{trial.settings.architecture.name}/{trial.settings.title}"


def _spoken(reason: StopReason) -> str:
    return str(reason).replace("_", " ")


def _between(left: Left) -> str:
    """Say both bounds, or one number where they are the same in their unit."""
    low, high = _duration(left.low), _duration(left.high)
    if low == high:
        return high
    unit = f" {high.split()[1]}"
    return f"{low.removesuffix(unit)} to {high}"


def _duration(seconds: float | None) -> str:
    return "?" if seconds is None else rough_duration(seconds)
