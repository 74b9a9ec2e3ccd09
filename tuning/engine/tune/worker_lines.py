"""What workers have logged, taken into the study's log with every sign of their trials."""

from pathlib import Path
from typing import Any

from ray.tune import Callback

from tuning import logs
from tuning.engine.tune.trainable import KEY


class WorkerLines(Callback):
    """Takes over a trial's lines before anybody deletes its folder: it stands before what does."""

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Take into the study's log what a worker of an earlier session has left."""
        self._take(trial)

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        """Take what the worker wrote until its report."""
        self._take(trial)

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Take the last lines of a worker whose trial has ended."""
        self._take(trial)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Take what the worker wrote before it died."""
        self._take(trial)

    def on_trial_recover(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Take what the worker wrote before it died."""
        self._take(trial)

    def _take(self, trial: Any) -> None:
        logs.take_over(Path(trial.config["checkpoint"]), trial.config[KEY])

    def __getstate__(self) -> dict[str, Any]:
        """Leave everything out of what Tune pickles: a session makes its own callbacks."""
        return {}
