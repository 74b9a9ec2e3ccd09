"""The watch of the driver over all trials: a worker that is stopped, or keeps its own watch from looking, is ended."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import ray
from ray.tune import Callback

from tuning.engine.compat import worker_of
from tuning.engine.state.trial_life import MARGIN, patience
from tuning.engine.tune.awake import AwakeClock
from tuning.engine.tune.hung import pronounce

_SECONDS = 2.0
"""Between two looks; what of a gap between two steps of Tune's loop is taken for listening."""


class TrialWatch(Callback):
    """Ends the worker of a trial that has given no sign of life for too long while this process listened.

    A trial is silent from the moment at which its worker is told to begin: one that waits for a worker is not. The next
    attempt finds what is left in the trial's folder, and fails with it. Ray ends a worker that does not answer, on
    whatever node, by the node's own server: it asks the worker to go, and kills it some seconds later.

    Args:
        now: the clock.
        kill: ends the worker of an actor's handle.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic, kill: Callable[[Any], None] = ray.kill) -> None:
        self._kill = kill
        self._clock = AwakeClock(most=_SECONDS, now=now)
        self._signs: dict[Any, float] = {}
        self._looked = self._clock.tick()

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Count from now, in a worker that was used before too."""
        self._signs[trial] = self._clock.tick()

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        """Take a trial's report for a sign of life."""
        self._signs[trial] = self._clock.tick()

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Watch a trial that has ended no more."""
        self._signs.pop(trial, None)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Watch a trial that has ended no more."""
        self._signs.pop(trial, None)

    def on_trial_recover(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Count no time for a trial until its next worker has begun."""
        self._signs.pop(trial, None)

    def on_step_end(self, iteration: int, trials: list[Any], **info: Any) -> None:
        """End the trials that have been silent for too long; looked for some seconds after the last time."""
        now = self._clock.tick()
        if now - self._looked < _SECONDS:
            return
        self._looked = now
        for trial, sign in list(self._signs.items()):
            if now - sign > _patience(trial):
                with suppress(OSError):  # a full disk: the next look tries again
                    self._end(trial)

    def _end(self, trial: Any) -> None:
        minutes = trial.config["settings"]["resources.epoch_minutes"]
        pronounce(
            Path(trial.config["checkpoint"]),
            f"by the driver: the worker was silent for longer than epoch_minutes: {minutes:g}, and its own watch with "
            "it; its process was stopped, or kept the interpreter's lock",
        )
        self._kill(worker_of(trial))
        del self._signs[trial]

    def __getstate__(self) -> dict[str, Any]:
        """Leave everything out of what Tune pickles: a session makes its own callbacks."""
        return {}


def _patience(trial: Any) -> float:
    return patience(float(trial.config["settings"]["resources.epoch_minutes"])) + MARGIN
