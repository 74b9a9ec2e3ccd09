"""One Tune scheduler that holds an ASHA for each cell, so that a model is stopped by its own kind alone."""

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from ray.tune.schedulers import AsyncHyperBandScheduler, FIFOScheduler, TrialScheduler

from tuning.engine.history import History, TrialHistory
from tuning.engine.trainable import CELL, EPOCH, KEY, OBJECTIVE
from tuning.records import Phase
from tuning.study import Study


class CellScheduler(FIFOScheduler):
    """Asynchronous successive halving (Li et al. 2020) inside every cell; trials start first in, first out.

    A trial is known to its cell's rungs by its key, not by Ray's id: a trial that is continued in a later session
    is the same one.

    Args:
        study: whose cells, epochs and early stopping are meant.
        history: trials of an earlier session, which fill the rungs again.
    """

    def __init__(self, study: Study, history: History) -> None:
        super().__init__()
        stopping = study.search.early_stopping
        self._halvings = {
            cell.key: AsyncHyperBandScheduler(
                time_attr=EPOCH,
                metric=OBJECTIVE,
                mode="max",
                max_t=study.training.epochs,
                grace_period=stopping.grace_epochs,
                reduction_factor=stopping.reduction,
            )
            for cell in study.cells
        }
        for cell in study.cells:
            self._replay(cell.key, history.of(cell.key, Phase.TUNE))

    def on_trial_add(self, tune_controller: Any, trial: Any) -> None:
        """Enter the trial in its cell."""
        self._of(trial).on_trial_add(tune_controller, _named(trial.config[KEY]))

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        """Let the trial's own cell decide whether it goes on."""
        if result[EPOCH] < 1:
            return str(TrialScheduler.CONTINUE)
        return str(self._of(trial).on_trial_result(tune_controller, _named(trial.config[KEY]), result))

    def on_trial_complete(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> None:
        """Nothing is left to decide: each epoch has been seen as a result."""

    def debug_string(self) -> str:
        """Return one line a cell."""
        return "\n".join(f"{cell}: {halving.debug_string()}" for cell, halving in self._halvings.items())

    def _of(self, trial: Any) -> Any:
        return self._halvings[trial.config[CELL]]

    def _replay(self, cell: str, trials: Iterable[TrialHistory]) -> None:
        for trial in trials:
            name = _named(trial.settings.key)
            self._halvings[cell].on_trial_add(None, name)
            for epoch, result in sorted(trial.results.items()):
                if epoch > 0:
                    self._halvings[cell].on_trial_result(None, name, {EPOCH: epoch, OBJECTIVE: result.objective})


def _named(key: str) -> SimpleNamespace:
    """Return what ASHA looks at of a trial: its id, here the key."""
    return SimpleNamespace(trial_id=key)
