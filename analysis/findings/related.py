"""What the predictions of a study amount to: which of them say something, and which merely know the architecture."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.findings.predictors import Prediction
from analysis.stats import Estimate
from analysis.tables.measures import ORDINARY

FEWEST = 8
"""Trials below which an order of them says nothing."""

FEWEST_DRAWS = 3
"""Independent draws below which their spread is unknown."""


@dataclass(frozen=True, kw_only=True)
class Related:
    """Which measures order the trials by one outcome.

    Attributes:
        outcome: its name.
        trials: at most so many are ordered.
        early: the first epoch after which there is something to correlate.
        last: the spectral measures at the last epoch, where that is not before training.
        speaking: those of them whose interval within architectures leaves out zero.
        also_by_draw: those of these that tell runs of one cell apart, with the same sign; None where none can.
        merely: those of ``last`` that leave out zero where architectures are pooled, and within them do not.
        turned: those of ``last`` whose sign pooling turns round.
        at_early: the spectral measures after the early epoch.
        speaking_early: those of them that speak.
        before: the spectral measures before the first step.
        already: those of them that speak within architectures or where these are pooled.
        only_pooled: how many of these do so where architectures are pooled alone.
        anyway: what anyone looks at anyway, at the last epoch.
    """

    outcome: str
    trials: int
    early: int
    last: tuple[Prediction, ...]
    speaking: tuple[Prediction, ...]
    also_by_draw: tuple[Prediction, ...] | None
    merely: tuple[Prediction, ...]
    turned: tuple[Prediction, ...]
    at_early: tuple[Prediction, ...]
    speaking_early: tuple[Prediction, ...]
    before: tuple[Prediction, ...]
    already: tuple[Prediction, ...]
    only_pooled: int
    anyway: tuple[Prediction, ...]


def supported(found: Sequence[Prediction]) -> list[Prediction]:
    """Return the predictions that rest on enough trials of enough draws.

    Args:
        found: a study's.
    """
    return [prediction for prediction in found if prediction.trials >= FEWEST and prediction.pooled.n >= FEWEST_DRAWS]


def related(found: Sequence[Prediction]) -> Related:
    """Tell which measures say something of an outcome.

    Args:
        found: at least one, all of one outcome.
    """
    spectral = [prediction for prediction in found if prediction.measure not in ORDINARY]
    early = early_epoch(found)
    last = tuple(prediction for prediction in spectral if prediction.last and not prediction.before_training)
    at_early = tuple(prediction for prediction in spectral if prediction.epoch == early)
    before = tuple(prediction for prediction in spectral if prediction.before_training)
    already = tuple(prediction for prediction in before if side(prediction.pooled) or side(prediction.within))
    speaking = _speaking(last)
    return Related(
        outcome=found[0].outcome,
        trials=max(prediction.trials for prediction in found),
        early=early,
        last=last,
        speaking=speaking,
        also_by_draw=_by_draw(speaking),
        merely=tuple(prediction for prediction in last if side(prediction.pooled) and not side(prediction.within)),
        turned=tuple(prediction for prediction in last if side(prediction.pooled) * side(prediction.within) < 0),
        at_early=at_early,
        speaking_early=_speaking(at_early),
        before=before,
        already=already,
        only_pooled=sum(not side(prediction.within) for prediction in already),
        anyway=tuple(
            prediction
            for prediction in found
            if prediction.last and prediction.measure in ORDINARY and defined(prediction.within)
        ),
    )


def _speaking(found: Sequence[Prediction]) -> tuple[Prediction, ...]:
    return tuple(prediction for prediction in found if side(prediction.within))


def _by_draw(speaking: Sequence[Prediction]) -> tuple[Prediction, ...] | None:
    if not any(defined(prediction.of_draw) for prediction in speaking):
        return None
    return tuple(prediction for prediction in speaking if side(prediction.of_draw) == side(prediction.within))


def side(estimate: Estimate) -> int:
    """Return on which side of zero an interval lies: 1 above, −1 below, 0 where it holds zero or has no bounds.

    Args:
        estimate: of a correlation.

    Example:
        >>> [side(Estimate(value=0.5, low=low, high=0.9, n=9)) for low in (0.1, -0.1, math.nan)]
        [1, 0, 0]
    """
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return 0
    return (estimate.low > 0) - (estimate.high < 0)


def early_epoch(found: Sequence[Prediction]) -> int:
    """Return the first epoch after which there is something to correlate; 0 where there is none.

    Args:
        found: predictions.
    """
    return min((prediction.epoch for prediction in found if prediction.epoch > 0), default=0)


def defined(estimate: Estimate) -> bool:
    """Return whether there was anything to correlate.

    Args:
        estimate: of a correlation.
    """
    return not math.isnan(estimate.value)
