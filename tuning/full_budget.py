"""Which ends of a trial count as having had the budget that was planned for it."""

from tuning.records import Phase, StopReason


def may_be_stopped(phase: Phase, *, rule: bool) -> bool:
    """Return whether a trial may be stopped early: a study's rule acts in the search alone.

    Args:
        phase: of the trial.
        rule: whether the study stops trials early.

    Example:
        >>> [may_be_stopped(phase, rule=True) for phase in (Phase.TUNE, Phase.CONFIRM)]
        [True, False]
    """
    return rule and phase is Phase.TUNE


def ends_as_planned(phase: Phase, *, rule: bool) -> frozenset[StopReason]:
    """Return the ends of a trial that has had its budget.

    It has when it trained for all its epochs, when the study's own rule of early stopping ended it, or when it
    diverged, for there was nothing left to train. The rule acts in the search alone: a confirmation that ends before
    its last epoch was cut off.

    Args:
        phase: of the trial.
        rule: whether the study stops trials early.

    Example:
        >>> [StopReason.EARLY_STOPPED in ends_as_planned(phase, rule=True) for phase in (Phase.TUNE, Phase.CONFIRM)]
        [True, False]
    """
    ends = {StopReason.COMPLETED, StopReason.DIVERGED}
    return frozenset(ends | {StopReason.EARLY_STOPPED} if may_be_stopped(phase, rule=rule) else ends)
