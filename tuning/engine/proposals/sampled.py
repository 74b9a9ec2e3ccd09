"""Trials that one of Optuna's samplers proposes, learning from those that have ended."""

from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.study import StudyDirection
from optuna.trial import TrialState

from tuning.engine.history import Result, TrialHistory
from tuning.engine.proposals.samplers import SAMPLERS
from tuning.records import Phase, StopReason
from tuning.study import Cell, Choice, Domain, IntUniform, LogUniform, TrialSettings, derive_seed, to_flat

WORST_BOUND = 308.0
"""The log10 of the largest float: what a trial is told to have whose network has no finite Lipschitz bound."""


class OptunaProposals:
    """An Optuna study with a sampler of `SAMPLERS` for one cell.

    The first trials are starting points and the cell's common draws, so that every condition meets the same learning
    rates before the sampler takes over. The sampler is made anew for each trial, seeded by the trial's index: what it
    proposes depends on the trials told so far and on nothing else, so a study that was interrupted proposes what it
    would have proposed.

    Args:
        cell: whose space is searched.
        past: the cell's trials of an earlier session, by index; those without an end are proposed again first.
    """

    def __init__(self, cell: Cell, past: Sequence[TrialHistory] = ()) -> None:
        search = cell.study.search
        self.planned = search.trials
        self.proposed = 0
        self._cell = cell
        self._distributions = {name: _distribution(domain) for name, domain in cell.space.items()}
        self._sampler = SAMPLERS[search.algorithm]
        self._startup = max(self._sampler.startup(search.trials), len(cell.starting_points))
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        directions = (StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE)[: self._sampler.objectives]
        self._study = optuna.create_study(study_name=cell.key, directions=directions)
        self._asked: dict[int, optuna.Trial] = {}
        self._again: list[TrialSettings] = []
        for trial in past:
            self._recall(trial)

    def propose(self) -> TrialSettings:
        """Return an unfinished trial of the past, a common draw, or what the sampler proposes."""
        self.proposed += 1
        if self._again:
            return self._again.pop(0)
        index = len(self._study.trials)
        values = self._cell.draw(index) if index < self._startup else None
        return self._ask(index, values)

    def finish(self, trial: TrialHistory) -> None:
        """Tell Optuna how the trial has ended: an early stop is PRUNED with its epochs, no result at full budget."""
        asked = self._asked.pop(trial.settings.index)
        if self._sampler.objectives == 1:  # Optuna takes no epochs of more than one
            for epoch, result in trial.results.items():
                if epoch > 0:  # 0 is the state before the first step
                    asked.report(result.objective, epoch)
        match _state(trial):
            case TrialState.COMPLETE:
                assert trial.last is not None
                self._study.tell(asked, _objectives(trial.last)[: self._sampler.objectives])
            case state:
                self._study.tell(asked, state=state)

    def _ask(self, index: int, values: Mapping[str, Any] | None) -> TrialSettings:
        seed = derive_seed(self._cell.study.search.seed, "sampler", *self._cell.key.split("/"), index)
        sampler = self._sampler.build(self._startup, seed % 2**32)
        self._study.sampler = sampler
        if values is not None:
            self._study.enqueue_trial(dict(values))
        asked = self._study.ask(self._distributions)
        if values is not None and self._sampler.generations:
            # Optuna asks its sampler nothing about values that are given, and the trial would be of no generation.
            trial = self._study.get_trials(deepcopy=False)[asked.number]
            sampler.sample_relative(self._study, trial, sampler.infer_relative_search_space(self._study, trial))
        settings = self._cell.settings(Phase.TUNE, index, asked.params)
        self._asked[index] = asked
        return settings

    def _recall(self, trial: TrialHistory) -> None:
        flat = to_flat(trial.settings)
        settings = self._ask(trial.settings.index, {name: flat[name] for name in self._distributions})
        if trial.ended:
            self.proposed += 1
            self.finish(trial)
        else:
            self._again.append(settings)


def _objectives(result: Result) -> list[float]:
    return [result.objective, min(result.lipschitz, WORST_BOUND)]


def _state(trial: TrialHistory) -> TrialState:
    """Return Optuna's word for how a trial has ended."""
    return {
        StopReason.COMPLETED: TrialState.COMPLETE,
        StopReason.DIVERGED: TrialState.COMPLETE,  # with the worst value, so that the sampler keeps away from it
        StopReason.EARLY_STOPPED: TrialState.PRUNED,
        StopReason.ERROR: TrialState.FAIL,
    }[trial.reason]


def _distribution(domain: Domain) -> BaseDistribution:
    match domain:
        case LogUniform(low, high):
            return FloatDistribution(low, high, log=True)
        case IntUniform(low, high):
            return IntDistribution(low, high)
        case Choice(values):
            return CategoricalDistribution(values)
        case _:
            return FloatDistribution(domain.low, domain.high)
