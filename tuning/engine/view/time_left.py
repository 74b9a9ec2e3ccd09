"""The time left of a study that runs, looked at as often as anybody asks."""

import statistics
import time
from collections.abc import Callable, Mapping

from tuning.engine.state.history import History, TrialHistory
from tuning.engine.view.lengths import stopping_rates
from tuning.engine.view.pace import Pace
from tuning.engine.view.remaining import Course, Outlook, Plan, outlook
from tuning.records import Phase
from tuning.study import Study, confirmations_planned

_FRESH = 0.25
"""Seconds for which an outlook is told again: it looks at every trial, and short ones may end by the dozen a second."""


class TimeLeft:
    """The outlook of the phase that runs.

    Args:
        study: whose phases are meant.
        history: what the trials have said.
        clock: in seconds.

    Attributes:
        pace: of the phase, which is to be told of every start, report and end.
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
        self._plan = Plan(
            phase=phase,
            planned=planned,
            cells=[cell.key for cell in self._study.cells],
            epochs=self._study.training.epochs,
            rates=self._rates,
            to_confirm=self._to_confirm,
        )
        self.pace = Pace(self._clock)
        self._told: tuple[float, Outlook] | None = None

    def outlook(self) -> Outlook | None:
        """Return what is left; None before a trial has ended in this session, which knows no pace before."""
        if not self.pace.ends:
            return None
        now, told = self._clock(), self._told
        if told is None or now - told[0] >= _FRESH:
            courses = [self._course(trial) for trial in list(self._history.trials.values())]  # drawn by another thread
            told = self._told = now, outlook(self._plan, courses, self.pace.now())
        return told[1]

    def _course(self, trial: TrialHistory) -> Course:
        return Course(
            key=trial.settings.key,
            cell=trial.settings.cell,
            phase=trial.settings.phase,
            last_epoch=trial.last_epoch,
            ended=trial.ended,
            epoch_seconds=self._epoch_seconds(trial),
        )

    def _epoch_seconds(self, trial: TrialHistory) -> float:
        """Return what an epoch of a trial takes, 0 before any; for one that has ended it is reckoned once."""
        if not trial.ended:
            return _epoch_seconds(trial)
        key = trial.settings.key
        if key not in self._known:
            self._known[key] = _epoch_seconds(trial)
        return self._known[key]


def _epoch_seconds(trial: TrialHistory) -> float:
    """Return the mean of a trial's epochs, without its first one where there are more: that one warms up; else 0."""
    seconds = [result.seconds for epoch, result in sorted(trial.results.items()) if epoch > 0]
    return statistics.mean(seconds[1:] or seconds) if seconds else 0.0
