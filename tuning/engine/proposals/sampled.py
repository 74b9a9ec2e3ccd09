"""Trials that one of Optuna's samplers proposes, learning from those that have ended."""

from collections.abc import Sequence
from itertools import count

from tuning.engine.proposals.optuna_study import OptunaStudy
from tuning.engine.proposals.samplers import SAMPLERS
from tuning.engine.proposals.told import Told, told
from tuning.engine.state.history import TrialHistory
from tuning.records import Phase
from tuning.settings import TrialSettings, to_flat
from tuning.study import Cell, startup


class OptunaProposals:
    """The trials of one cell by a sampler of `SAMPLERS`.

    The first trials are starting points and the cell's common draws, so that every condition meets the same learning
    rates before the sampler takes over. What is proposed depends on the trial's index and on what the trials told so
    far have said, and on nothing else, so a study that was interrupted proposes what it would have proposed.

    Args:
        cell: whose space is searched.
        past: the cell's trials of an earlier session, by index; those without an end are proposed again first.
    """

    def __init__(self, cell: Cell, past: Sequence[TrialHistory] = ()) -> None:
        search = cell.setup.search
        self.planned = search.trials
        self.proposed = 0
        self._cell = cell
        self._sampler = SAMPLERS[search.algorithm]
        self._startup = max(startup(search.algorithm, search.trials), len(cell.starting_points))
        self._settings: dict[int, TrialSettings] = {}
        self._told: dict[int, Told] = {}
        self._again: list[TrialSettings] = []
        for trial in past:
            self._recall(trial)
        self._study = self._told_anew()
        self._outdated = False

    def propose(self) -> TrialSettings:
        """Return an unfinished trial of the past, a common draw, or what the sampler proposes."""
        self.proposed += 1
        if self._again:
            return self._again.pop(0)
        if self._outdated:
            self._study, self._outdated = self._told_anew(), False
        index = next(index for index in count() if index not in self._settings)  # the past may have left one out
        values = self._study.ask(index, self._cell.draw(index) if index < self._startup else None)
        self._settings[index] = self._cell.settings(Phase.TUNE, index, values)
        return self._settings[index]

    def finish(self, trial: TrialHistory) -> None:
        """Tell Optuna how the trial has ended; of one that was tried again, in the place of how it ended before."""
        index = trial.settings.index
        self._outdated = self._outdated or index in self._told
        self._told[index] = told(trial, self._sampler)
        if not self._outdated:
            self._study.tell(index, self._told[index])

    def _recall(self, trial: TrialHistory) -> None:
        """Take up a trial of the past. One that failed is believed to fail until it has ended in another way."""
        self._settings[trial.settings.index] = trial.settings
        if trial.ended or (trial.failed_before and not trial.lost):
            self._told[trial.settings.index] = told(trial, self._sampler)
        if trial.ended:
            self.proposed += 1
        else:
            self._again.append(trial.settings)

    def _told_anew(self) -> OptunaStudy:
        """Return a study that has been told all that is known, in the order in which the trials were proposed."""
        study = OptunaStudy(self._cell, self._sampler, self._startup)
        for index, settings in sorted(self._settings.items()):
            study.ask(index, to_flat(settings))
            if index in self._told:
                study.tell(index, self._told[index])
        return study
