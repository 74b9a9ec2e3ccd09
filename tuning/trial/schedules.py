"""The course of the learning rate, as a function of the share of training done."""

import math

from tuning.settings import Schedule


def factor(schedule: Schedule, progress: float) -> float:
    """Return what the learning rate is multiplied by.

    With t the progress and w the share of warm-up, the factor is min(1, t/w) · f(t), where f(t) is

    - ``constant``: 1
    - ``multi_step``: γ^(number of milestones ≤ t)
    - ``cosine``: ½(1 + cos πt) (Loshchilov and Hutter 2017)
    - ``linear``: 1 − t

    Args:
        schedule: its name and numbers.
        progress: steps done over all steps, in [0, 1).

    Returns:
        A number in [0, 1].

    Example:
        >>> factor(Schedule(name="multi_step", milestones=(0.3, 0.6), gamma=0.1), 0.3)
        0.1
        >>> factor(Schedule(name="linear", warmup=0.5), 0.25)
        0.375
    """
    rise = min(1.0, progress / schedule.warmup) if schedule.warmup > 0 else 1.0
    match schedule.name:
        case "constant":
            course = 1.0
        case "multi_step":
            assert schedule.milestones is not None
            assert schedule.gamma is not None
            course = schedule.gamma ** sum(milestone <= progress for milestone in schedule.milestones)
        case "cosine":
            course = (1.0 + math.cos(math.pi * progress)) / 2.0
        case _:
            course = 1.0 - progress
    return rise * course
