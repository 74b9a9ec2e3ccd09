"""What one cell proposes next: settings to search, or settings to confirm."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState, create_trial

from tuning.engine.history import TrialHistory
from tuning.records import Phase, StopReason
from tuning.study import Cell, Choice, Domain, IntUniform, LogUniform, TrialSettings, derive_seed, to_flat

STARTUP = 10
"""Random draws before the sampler takes over, Optuna's own number; half of a smaller search, but at least four: from
one or two points a density estimate only repeats them."""


class Proposals(Protocol):
    """The trials of one cell in one phase, one after another."""

    planned: int
    proposed: int

    def propose(self) -> TrialSettings:
        """Return the settings of the next trial; asked at most ``planned`` times."""

    def finish(self, trial: TrialHistory) -> None:
        """Take note of how a proposed trial has ended."""


class FixedProposals:
    """Settings that are known beforehand, as in the confirm phase."""

    def __init__(self, settings: Sequence[TrialSettings]) -> None:
        self.planned = len(settings)
        self.proposed = 0
        self._settings = settings

    def propose(self) -> TrialSettings:
        """Return the next settings of the list."""
        self.proposed += 1
        return self._settings[self.proposed - 1]

    def finish(self, trial: TrialHistory) -> None:
        """Nothing is learnt."""


class OptunaProposals:
    """An Optuna study with a tree-structured Parzen estimator (Bergstra et al. 2011; Watanabe 2023) for one cell.

    The first trials (`STARTUP`) are the cell's common random draws, so that every condition meets the same learning
    rates before the sampler takes over. The sampler is seeded anew for each trial, by the trial's index: what it
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
        self._startup = min(search.trials, max(4, search.trials // 2), STARTUP)
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._study = optuna.create_study(study_name=cell.key, direction="maximize")
        self._asked: dict[str, optuna.Trial] = {}
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
        asked = self._asked.pop(trial.settings.key)
        for epoch, objective in _steps(trial).items():
            asked.report(objective, epoch)
        match _state(trial):
            case TrialState.COMPLETE:
                assert trial.last is not None
                self._study.tell(asked, trial.last.objective)
            case state:
                self._study.tell(asked, state=state)

    def _ask(self, index: int, values: Mapping[str, Any] | None) -> TrialSettings:
        seed = derive_seed(self._cell.study.search.seed, "sampler", *self._cell.key.split("/"), index)
        self._study.sampler = optuna.samplers.TPESampler(n_startup_trials=self._startup, seed=seed % 2**32)
        if values is not None:
            self._study.enqueue_trial(dict(values))
        asked = self._study.ask(self._distributions)
        settings = self._cell.settings(Phase.TUNE, index, asked.params)
        self._asked[settings.key] = asked
        return settings

    def _recall(self, trial: TrialHistory) -> None:
        flat = to_flat(trial.settings)
        values = {name: flat[name] for name in self._distributions}
        if not trial.ended:
            self._again.append(self._ask(trial.settings.index, values))
            return
        self.proposed += 1
        state = _state(trial)
        self._study.add_trial(
            create_trial(
                state=state,
                value=trial.last.objective if state == TrialState.COMPLETE and trial.last else None,
                params=values,
                distributions=self._distributions,
                intermediate_values=_steps(trial),
            )
        )


def _steps(trial: TrialHistory) -> dict[int, float]:
    """Return the objective by epoch, without the state before the first step."""
    return {epoch: result.objective for epoch, result in trial.results.items() if epoch > 0}


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
