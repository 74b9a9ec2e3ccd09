"""How long a study will still take: its trials' lengths times the pace of each cell, laid side by side."""

import heapq
import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from tuning.engine.state.history import History, TrialHistory
from tuning.engine.view.lengths import Lengths, stopping_rates
from tuning.engine.view.pace import Pace
from tuning.records import CONFIRMATIONS, Phase
from tuning.study import Study, confirmations_planned

_DEVIATIONS = 1.28
"""A normal variable is less than so many standard deviations from its mean four times in five."""

_FRESH = 0.25
"""Seconds for which an outlook is told again: it looks at every trial, and short ones may end by the dozen a second."""

_LEAST_SPREAD = 0.15
"""Relative: the same training takes that much longer or shorter as the machine has it."""


@dataclass(frozen=True, kw_only=True)
class Left:
    """Seconds that are left, and between which bounds they are likely to be.

    Attributes:
        seconds: the estimate.
        low: the lower bound.
        high: the upper bound.
    """

    seconds: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What is left of a phase and of the study.

    Attributes:
        cells: seconds by cell, which add up to those of the phase: the cells run side by side, and each has its share.
        phase: of the phase that runs.
        study: to the end of the last phase, at most: what may not have to be confirmed is in it.
    """

    cells: Mapping[str, float]
    phase: Left
    study: Left


@dataclass(frozen=True)
class _Work:
    """The seconds that one trial still takes: mean and variance."""

    mean: float
    variance: float = 0.0


_Works = Mapping[str, Sequence[_Work]]


class Remaining:
    """The outlook of the phase that runs.

    Args:
        study: whose phases are meant.
        history: what the trials have said.
        clock: in seconds.
    """

    def __init__(self, study: Study, history: History, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._study = study
        self._history = history
        self._to_confirm = confirmations_planned(study)
        self._rates = stopping_rates(study)
        self._known: dict[str, float] = {}
        self.begin(Phase.TUNE, {})

    def begin(self, phase: Phase, planned: Mapping[str, int]) -> None:
        """Reckon with a phase that begins now.

        Args:
            phase: any but ``summary``.
            planned: its trials by cell.
        """
        self._phase, self._planned, self.pace = phase, planned, Pace(self._clock)
        self._told: tuple[float, Outlook] | None = None

    def outlook(self) -> Outlook | None:
        """Return what is left; None before a trial has ended in this session, which knows no pace before."""
        if not self.pace.ends:
            return None
        now, told = self._clock(), self._told
        if told is None or now - told[0] >= _FRESH:
            told = self._told = now, self._reckoned()
        return told[1]

    def _reckoned(self) -> Outlook:
        trials, epochs = self._by_cell()
        rates = self._rates if self._phase is Phase.TUNE else {}
        lengths = Lengths(chain(*trials.values()), self._study.training.epochs, rates)
        running = {cell: self._running(trials[cell], lengths, epochs[cell]) for cell in trials}
        waiting = {cell: self._waiting(cell, len(trials[cell]), lengths, epochs[cell]) for cell in trials}
        works = {cell: [*running[cell], *waiting[cell]] for cell in trials}
        seconds, error = _side_by_side(running, waiting, self.pace.at_once), lengths.variation / self.pace.ends**0.5
        phase = _with_bounds(seconds, works, error)
        for later in self._phases_to_come(epochs):
            seconds += (self.pace.startup or 0.0) + _side_by_side({}, later, self.pace.at_once)
            works = {cell: [*works.get(cell, ()), *later.get(cell, ())] for cell in (*works, *later)}
        return Outlook(
            cells=_shared_out(phase.seconds, running, waiting),
            phase=phase,
            study=_with_bounds(seconds, works, error),
        )

    def _by_cell(self) -> tuple[dict[str, list[TrialHistory]], dict[str, float]]:
        """Return by cell the phase's trials, and what an epoch takes, in any phase; in a new cell what others take."""
        trials: dict[str, list[TrialHistory]] = {cell: [] for cell in self._planned}
        known: dict[str, list[float]] = {cell.key: [] for cell in self._study.cells}
        for trial in list(self._history.trials.values()):  # the view is drawn by a thread of its own
            cell = trial.settings.cell
            if trial.settings.phase is self._phase and cell in trials:
                trials[cell].append(trial)
            if cell in known and (seconds := self._epoch_seconds(trial)):
                known[cell].append(seconds)
        everywhere = list(chain(*known.values())) or [0.0]
        return trials, {cell: statistics.mean(mine or everywhere) + self.pace.gap for cell, mine in known.items()}

    def _epoch_seconds(self, trial: TrialHistory) -> float:
        """Return what an epoch of a trial takes, 0 before any; for one that has ended it is reckoned once."""
        if not trial.ended:
            return _epoch_seconds(trial)
        key = trial.settings.key
        if key not in self._known:
            self._known[key] = _epoch_seconds(trial)
        return self._known[key]

    def _running(self, trials: Sequence[TrialHistory], lengths: Lengths, of_cell: float) -> list[_Work]:
        """Return the work of a cell's trials that run, or wait to go on, each at its own pace where it has one."""
        works = []
        for trial in trials:
            if not trial.ended:
                own = _epoch_seconds(trial)
                epoch = own + self.pace.gap if own else of_cell
                more, variance = lengths.left(trial.last_epoch)
                begun = min(epoch, self.pace.since(trial.settings.key))
                works.append(_Work(max(0.0, epoch * more - begun), epoch**2 * variance))
        return works

    def _waiting(self, cell: str, begun: int, lengths: Lengths, epoch: float) -> list[_Work]:
        """Return the work of a cell's trials that have not begun."""
        more, variance = lengths.left(0)
        return [_Work(self.pace.start + epoch * more, epoch**2 * variance)] * max(0, self._planned[cell] - begun)

    def _phases_to_come(self, epochs: Mapping[str, float]) -> Iterator[dict[str, list[_Work]]]:
        """Yield the work of the phases after this one by cell; nothing stops a trial of theirs early."""
        phases = (Phase.TUNE, *CONFIRMATIONS)
        for phase in phases[phases.index(self._phase) + 1 :]:
            if cells := self._to_confirm[phase]:
                whole = {cell: self.pace.start + epochs[cell] * self._study.training.epochs for cell in cells}
                yield {cell: [_Work(whole[cell])] * count for cell, count in cells.items()}


def _epoch_seconds(trial: TrialHistory) -> float:
    """Return the mean of a trial's epochs, without its first one where there are more: that one warms up; else 0."""
    seconds = [result.seconds for epoch, result in sorted(trial.results.items()) if epoch > 0]
    return statistics.mean(seconds[1:] or seconds) if seconds else 0.0


def _side_by_side(running: _Works, waiting: _Works, at_once: int) -> float:
    """Return when the last trial ends, where each that waits begins as soon as a place is free, the cells in turn."""
    ends = sorted(work.mean for work in chain(*running.values()))
    ends = [0.0] * max(0, at_once - len(ends)) + ends
    for work in chain(*zip_longest(*waiting.values())):
        if work is not None:
            heapq.heapreplace(ends, ends[0] + work.mean)
    return max(ends)


def _shared_out(seconds: float, running: _Works, waiting: _Works) -> dict[str, float]:
    work = {cell: sum(one.mean for one in (*running[cell], *waiting[cell])) for cell in running}
    whole = sum(work.values()) or 1.0
    return {cell: seconds * mine / whole for cell, mine in work.items()}


def _with_bounds(seconds: float, works: _Works, error: float) -> Left:
    """Return an estimate with its bounds: trials vary, and the mean of those to come is known from a few.

    Args:
        seconds: the estimate.
        works: what is left, by cell.
        error: the relative standard error of a trial's mean length.
    """
    every = list(chain(*works.values()))
    whole = sum(work.mean for work in every)
    varying = math.sqrt(sum(work.variance for work in every)) / whole if whole else 0.0
    factor = math.exp(_DEVIATIONS * math.hypot(_LEAST_SPREAD, varying, error))
    return Left(seconds=seconds, low=seconds / factor, high=seconds * factor)
