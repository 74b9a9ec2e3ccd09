"""Budgets: whose must be equal, which is the usual one, and which ends of a trial count as having had it."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, TypeVar

from tuning.records import Phase, StopReason

T = TypeVar("T", bound=Any)


EQUAL_PHASES = (Phase.TUNE, Phase.CONFIRM)
"""Those whose budgets must be equal for all cells; what else is confirmed is asked of some cells alone."""


def usual_budget(planned: Iterable[T]) -> T:
    """Return the budget that most cells have; of two that equally many have, the larger.

    Args:
        planned: a budget a cell, at least one.

    Example:
        >>> usual_budget([24, 20, 24]), usual_budget([3, 4])
        (24, 4)
    """
    counts = Counter(planned)
    return max(counts, key=lambda budget: (counts[budget], budget))


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
