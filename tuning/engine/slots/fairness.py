"""Which part of a cluster is whose: dominant resource fairness, in whole slots."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Demand:
    """How many trials a study could run now, and what each of them reserves.

    Attributes:
        trials: that run or are still to run, at least 0.
        needs: what one of them reserves, by Ray's names, each above 0.
    """

    trials: int
    needs: Mapping[str, float]


def fair_slots(capacity: Mapping[str, float], demands: Sequence[Demand]) -> list[int]:
    r"""Divide a cluster among studies that reserve different things.

    Slot by slot, the next one goes to the study whose dominant share $\max_r u_r / c_r$ is smallest, the largest part
    that it has of any resource; at equal shares to the first. Who wants no more, or whose slot fits no more, is passed
    over, so that what one cannot use the others have (Ghodsi et al., "Dominant Resource Fairness", NSDI 2011,
    algorithm 1).

    Args:
        capacity: of the cluster, by Ray's names.
        demands: of every study, in an order that all agree on.

    Returns:
        How many slots each has, none more than it wants.

    Example:
        >>> trial = Demand(trials=9, needs={"CPU": 1.0})
        >>> fair_slots({"CPU": 5.0}, [trial, trial])
        [3, 2]
        >>> fair_slots({"CPU": 18.0, "GPU": 2.0}, [trial, Demand(trials=9, needs={"CPU": 4.0, "GPU": 1.0})])
        [9, 2]
    """
    free = dict(capacity)
    slots = [0] * len(demands)
    open_for = set(range(len(demands)))
    while open_for:
        index = min(open_for, key=lambda index: (_dominant(capacity, demands[index], slots[index]), index))
        demand = demands[index]
        fits = all(free.get(name, 0.0) >= amount - 1e-9 for name, amount in demand.needs.items())
        if not fits or slots[index] >= demand.trials:
            open_for.remove(index)
            continue
        slots[index] += 1
        for name, amount in demand.needs.items():
            free[name] -= amount
    return slots


def _dominant(capacity: Mapping[str, float], demand: Demand, slots: int) -> float:
    return max(slots * amount / (capacity.get(name) or 1.0) for name, amount in demand.needs.items())
