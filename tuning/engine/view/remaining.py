"""How long a study will still take: its trials' lengths times the pace of each cell, laid side by side.

Nothing here looks at a clock, a screen or a trial that runs: what is known is handed in, and an outlook comes out.
"""

import heapq
import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from tuning.engine.view.lengths import Lengths
from tuning.engine.view.pace import PhasePace
from tuning.records import CONFIRMATIONS, Phase

_DEVIATIONS = 1.28
"""A normal variable is less than so many standard deviations from its mean four times in five."""

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
    """The seconds that are left of a phase and of the study.

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


@dataclass(frozen=True, kw_only=True)
class Course:
    """One trial, as far as the time left depends on it.

    Attributes:
        key: the trial's.
        cell: the trial's.
        phase: the trial's.
        last_epoch: the last one that it has reported, 0 before the first.
        ended: whether it will report no more.
        epoch_seconds: what an epoch of it takes, 0 before any.
    """

    key: str
    cell: str
    phase: Phase
    last_epoch: int
    ended: bool
    epoch_seconds: float


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The trials of a phase, and of the phases after it, from which the time left is reckoned.

    Attributes:
        phase: that runs.
        planned: its trials by cell.
        cells: of the study, by key.
        epochs: that a trial trains which is not stopped.
        rates: by epoch, which share of the search's trials that reach it is known to be stopped there.
        to_confirm: trials by confirmation phase and cell.
    """

    phase: Phase
    planned: Mapping[str, int]
    cells: Sequence[str]
    epochs: int
    rates: Mapping[int, float]
    to_confirm: Mapping[Phase, Mapping[str, int]]

    def to_come(self) -> Iterator[Mapping[str, int]]:
        """Yield the trials by cell of each phase after this one that has any."""
        phases = (Phase.TUNE, *CONFIRMATIONS)
        for phase in phases[phases.index(self.phase) + 1 :]:
            if cells := self.to_confirm[phase]:
                yield cells


def outlook(plan: Plan, courses: Sequence[Course], pace: PhasePace) -> Outlook:
    """Return the seconds that are left of the phase that runs, by cell, and of the study.

    Args:
        plan: what is to be run.
        courses: every trial so far, of earlier phases too.
        pace: of the phase that runs, in which a trial at least has ended.
    """
    trials, epochs = _by_cell(plan, courses, pace)
    rates = plan.rates if plan.phase is Phase.TUNE else {}
    lengths = Lengths(chain(*trials.values()), plan.epochs, rates)
    running = {cell: _running(own, lengths, epochs[cell], pace) for cell, own in trials.items()}
    waiting = {
        cell: [_new(lengths, epochs[cell], pace)] * max(0, plan.planned[cell] - len(own))
        for cell, own in trials.items()
    }
    works = {cell: [*running[cell], *waiting[cell]] for cell in trials}
    seconds, error = _side_by_side(running, waiting, pace.at_once), lengths.variation / pace.ends**0.5
    phase = _with_bounds(seconds, works, error)
    for cells in plan.to_come():  # nothing stops a trial of theirs early
        whole = {cell: _Work(pace.start + epochs[cell] * plan.epochs) for cell in cells}
        later = {cell: [whole[cell]] * count for cell, count in cells.items()}
        seconds += (pace.startup or 0.0) + _side_by_side({}, later, pace.at_once)
        works = {cell: [*works.get(cell, ()), *later.get(cell, ())] for cell in (*works, *later)}
    return Outlook(
        cells=_shared_out(phase.seconds, running, waiting), phase=phase, study=_with_bounds(seconds, works, error)
    )


def _by_cell(
    plan: Plan, courses: Sequence[Course], pace: PhasePace
) -> tuple[dict[str, list[Course]], dict[str, float]]:
    """Return by cell the phase's trials, and what an epoch takes, in any phase; in a new cell what others take."""
    trials: dict[str, list[Course]] = {cell: [] for cell in plan.planned}
    known: dict[str, list[float]] = {cell: [] for cell in plan.cells}
    for course in courses:
        if course.phase is plan.phase and course.cell in trials:
            trials[course.cell].append(course)
        if course.cell in known and course.epoch_seconds:
            known[course.cell].append(course.epoch_seconds)
    everywhere = list(chain(*known.values())) or [0.0]
    return trials, {cell: statistics.mean(own or everywhere) + pace.gap for cell, own in known.items()}


def _running(trials: Sequence[Course], lengths: Lengths, of_cell: float, pace: PhasePace) -> list[_Work]:
    """Return the work of a cell's trials that run, or wait to go on, each at its own pace where it has one."""
    works = []
    for trial in trials:
        if not trial.ended:
            epoch = trial.epoch_seconds + pace.gap if trial.epoch_seconds else of_cell
            more, variance = lengths.left(trial.last_epoch)
            begun = min(epoch, pace.since.get(trial.key, 0.0))
            works.append(_Work(max(0.0, epoch * more - begun), epoch**2 * variance))
    return works


def _new(lengths: Lengths, epoch: float, pace: PhasePace) -> _Work:
    """Return the work of a trial that has not begun."""
    more, variance = lengths.left(0)
    return _Work(pace.start + epoch * more, epoch**2 * variance)


def _side_by_side(running: _Works, waiting: _Works, at_once: int) -> float:
    """Return when the last trial ends, where each that waits begins as soon as a place is free, the cells in turn."""
    ends = sorted(work.mean for work in chain(*running.values()))
    ends = [0.0] * max(0, at_once - len(ends)) + ends
    for work in chain(*zip_longest(*waiting.values())):
        if work is not None:
            heapq.heapreplace(ends, ends[0] + work.mean)
    return max(ends)


def _shared_out(seconds: float, running: _Works, waiting: _Works) -> dict[str, float]:
    of_cell = {cell: sum(work.mean for work in (*running[cell], *waiting[cell])) for cell in running}
    whole = sum(of_cell.values()) or 1.0
    return {cell: seconds * own / whole for cell, own in of_cell.items()}


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
