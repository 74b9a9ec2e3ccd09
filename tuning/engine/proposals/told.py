"""What a sampler is told of a trial that has ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from optuna.trial import TrialState

from tuning.engine.proposals.samplers import Sampler
from tuning.engine.state.history import Result, TrialHistory
from tuning.records import StopReason

WORST_BOUND = 308.0
"""The log10 of the largest float: what a trial is told to have whose network has no finite Lipschitz bound."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """The end of a trial as Optuna's `tell` takes it.

    Attributes:
        state: the trial's.
        values: one an objective; None where the state has none.
        epochs: validation accuracy by epoch, of a trial that was stopped early.
        worst: in place of values, the worst ones that any other trial has been told so far.
    """

    state: TrialState
    values: tuple[float, ...] | None = None
    epochs: Mapping[int, float] = field(default_factory=dict)
    worst: bool = False


NOTHING = Told(state=TrialState.FAIL)
"""Of a trial that its setting has not ended: a sampler leaves it out."""

LAST = Told(state=TrialState.PRUNED)
"""No epoch at all: what a sampler that ranks stopped trials itself ranks below every other."""

WORST = Told(state=TrialState.COMPLETE, worst=True)
"""What any other sampler is told of a failed trial. It is no outlier, which a Gaussian process would bend to."""


def told(trial: TrialHistory, sampler: Sampler) -> Told:
    """Return what a sampler is told, so that it keeps away from settings that fail and learns from those that do not.

    Left out, a failed trial would draw the sampler to it: where no trial has a value, none is bad.

    Args:
        trial: one that has ended, or failed in an earlier session and is tried again.
        sampler: that is told.
    """
    if trial.lost:
        return NOTHING
    if trial.reason is StopReason.ERROR or (trial.failed_before and not trial.ended):
        return LAST if sampler.ranks_stopped else WORST
    if trial.last is None:
        return NOTHING
    if trial.reason is StopReason.DIVERGED and sampler.ranks_stopped:
        return LAST  # the worst value would still rank it above every trial that was stopped early
    if trial.reason is StopReason.EARLY_STOPPED and sampler.ranks_stopped:
        # 0 is the state before the first step
        epochs = {epoch: result.objective for epoch, result in trial.results.items() if epoch > 0}
        return Told(state=TrialState.PRUNED, epochs=epochs)
    return Told(state=TrialState.COMPLETE, values=_objectives(trial.last)[: sampler.objectives])


def _objectives(result: Result) -> tuple[float, ...]:
    return result.objective, min(result.lipschitz, WORST_BOUND)
