"""How many epochs a trial runs before it is stopped, from those of trials that have ended and of those that run."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Protocol

from tuning.study import Study


class Length(Protocol):
    """What must be known of a trial to tell how long others will train."""

    @property
    def last_epoch(self) -> int:
        """The last epoch that it has reported."""

    @property
    def ended(self) -> bool:
        """Whether the trial will report no more."""


_WEIGHT = 4.0
"""As many trials is worth what a stopping rule is known to do. A rule lets the first ones pass: it knows no others."""


class Lengths:
    """The lengths of trials as a Kaplan–Meier estimate, in which a trial that still runs counts for what it has passed.

    Trials that are stopped end first: the mean of those that have ended would be too short.

    Args:
        trials: of every cell, for a stopping rule is the same in all.
        epochs: that a trial trains which is not stopped.
        rates: by epoch, which share of the trials that reach it is known to be stopped there.
    """

    def __init__(self, trials: Iterable[Length], epochs: int, rates: Mapping[int, float]) -> None:
        self._epochs = epochs
        last, stopped = Counter[int](), Counter[int]()
        for trial in trials:
            last[trial.last_epoch] += 1
            stopped[trial.last_epoch] += trial.ended
        passed, self._stopped = 0, [0.0] * (epochs + 1)
        for epoch in range(epochs, 0, -1):
            known = passed + stopped[epoch] + _WEIGHT
            self._stopped[epoch] = (stopped[epoch] + _WEIGHT * rates.get(epoch, 0.0)) / known
            passed += last[epoch]

    @property
    def variation(self) -> float:
        """The standard deviation of a new trial's length in its mean."""
        mean, variance = self.left(0)
        return math.sqrt(variance) / mean

    def left(self, epoch: int) -> tuple[float, float]:
        """Return mean and variance of how many more epochs a trial runs.

        With S_k the chance that it runs k more at least, the mean is Σ S_k and the mean square Σ (2k − 1) S_k.

        Args:
            epoch: the last one that it has reported.
        """
        chance, mean, square = 1.0, 0.0, 0.0
        for more in range(1, self._epochs - epoch + 1):
            mean += chance
            square += (2 * more - 1) * chance
            chance *= 1.0 - self._stopped[epoch + more]
        return mean, max(0.0, square - mean * mean)


def stopping_rates(study: Study) -> dict[int, float]:
    """Return what a stopping rule does where trials come in no order: by epoch, which share of those there it stops.

    Successive halving lets one in η pass each rung; the median stops half of the trials, most of them when it begins.

    Args:
        study: whose rule is meant.
    """
    stopping = study.search.early_stopping
    if not stopping.stops:
        return {}
    if stopping.name == "median":
        return {stopping.grace_epochs: 0.5}
    assert stopping.name == "asha", f"what the stopping rule {stopping.name} does to lengths is to be said here"
    rates: dict[int, float] = {}
    rung: float = stopping.grace_epochs
    while rung < study.training.epochs:
        rates[math.ceil(rung)] = 1.0 - 1.0 / stopping.reduction
        rung *= stopping.reduction
    return rates
