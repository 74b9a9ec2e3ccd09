"""One Tune scheduler that holds a stopping rule for each cell, so that a model is stopped by its own kind alone."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ray.tune.schedulers import AsyncHyperBandScheduler, FIFOScheduler, MedianStoppingRule, TrialScheduler

from tuning.engine.state.history import History, TrialHistory
from tuning.engine.tune.trainable import CELL, EPOCH, KEY, OBJECTIVE
from tuning.records import Phase
from tuning.study import Study


@dataclass(frozen=True)
class _Named:
    """What a rule looks at of a trial: its id, here the key."""

    trial_id: str


class CellScheduler(FIFOScheduler):
    """Asynchronous successive halving (Li et al. 2020) or the median stopping rule (Golovin et al. 2017) in every cell.

    Trials start first in, first out. A trial is known to its cell's rule by its key, not by Ray's id: a trial that is
    continued in a later session is the same one.

    Args:
        study: whose cells, epochs and early stopping are meant.
        history: trials of an earlier session, which the rules take up again.
    """

    def __init__(self, study: Study, history: History) -> None:
        super().__init__()
        rule = _RULES[study.search.early_stopping.name]
        self._rules = {cell.key: rule(study) for cell in study.cells}
        self._seen: dict[str, int] = {}
        for cell in study.cells:
            self._replay(cell.key, history.of(cell.key, Phase.TUNE))

    def on_trial_add(self, tune_controller: Any, trial: Any) -> None:
        """Enter the trial in its cell."""
        self._of(trial).on_trial_add(tune_controller, _Named(trial.config[KEY]))

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        """Let the trial's own cell decide whether it goes on."""
        key, epoch = trial.config[KEY], result[EPOCH]
        if epoch <= self._seen.get(key, 0):  # the state before the first step, or an epoch that is trained once more
            return str(TrialScheduler.CONTINUE)
        self._seen[key] = epoch
        return str(self._of(trial).on_trial_result(tune_controller, _Named(key), _said(epoch, result[OBJECTIVE])))

    def on_trial_complete(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> None:
        """Nothing is left to decide: each epoch has been seen as a result."""

    def debug_string(self) -> str:
        """Return one line a cell."""
        return "\n".join(f"{cell}: {rule.debug_string()}" for cell, rule in self._rules.items())

    def _of(self, trial: Any) -> Any:
        return self._rules[trial.config[CELL]]

    def _replay(self, cell: str, trials: Iterable[TrialHistory]) -> None:
        """Tell the cell's rule what it knew, without asking it to decide again: it would do so in another order."""
        for trial in trials:
            name = _Named(trial.settings.key)
            self._seen[name.trial_id] = trial.last_epoch
            self._rules[cell].on_trial_add(None, name)
            for epoch, result in sorted(trial.results.items()):
                if epoch > 0:
                    self._rules[cell].on_trial_complete(None, name, _said(epoch, result.objective))
                    self._rules[cell].on_trial_add(None, name)


def _said(epoch: int, objective: float) -> dict[str, Any]:
    """Return what a rule looks at of a result, which it keeps; the spectra beside it would fill the memory."""
    return {EPOCH: epoch, OBJECTIVE: objective}


def _asha(study: Study) -> TrialScheduler:
    stopping = study.search.early_stopping
    return AsyncHyperBandScheduler(
        time_attr=EPOCH,
        metric=OBJECTIVE,
        mode="max",
        max_t=study.training.epochs,
        grace_period=stopping.grace_epochs,
        reduction_factor=stopping.reduction,
    )


def _median(study: Study) -> TrialScheduler:
    stopping = study.search.early_stopping
    return MedianStoppingRule(
        time_attr=EPOCH,
        metric=OBJECTIVE,
        mode="max",
        grace_period=stopping.grace_epochs,
        min_samples_required=stopping.min_trials,
        min_time_slice=math.inf,  # with too few others to compare with, a trial goes on; Ray would let it wait
    )


_RULES: dict[str, Callable[[Study], TrialScheduler]] = {"asha": _asha, "median": _median}
"""By the name that study files use."""
