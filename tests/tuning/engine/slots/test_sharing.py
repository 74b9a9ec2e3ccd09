"""Studies on one cluster have fair shares of it."""

import itertools
import math

import pytest

from tests.tuning.studies import study
from tuning.engine.cluster.ray_session import ray_session
from tuning.engine.slots.fairness import Demand
from tuning.engine.slots.sharing import Sharing
from tuning.engine.slots.slots import Slots


class Nodes:
    """A cluster of so many cores."""

    def __init__(self, cores):
        self.cores = cores

    def capacity(self):
        return {"CPU": float(self.cores)}


def test_slots_follow_the_cluster_and_never_fall_below_one():
    class Alone:
        def demands(self, mine):
            return [mine], 0

    cluster = Nodes(4)
    slots = Slots(study(search={"trials": 5, "early_stopping": "none"}), cluster, Alone())
    assert slots.allowed(100) == 4
    for cores, wanted, allowed in ((6, 100, 6), (6, 2, 2), (0, 100, 1)):
        cluster.cores = cores
        slots._counted = -math.inf  # as if its second had passed
        assert slots.allowed(wanted) == allowed


@pytest.mark.ray
@pytest.mark.slow
def test_studies_hear_of_each_other_until_one_leaves_or_dies(monkeypatch):
    mine, theirs = Demand(trials=9, needs={"CPU": 1.0}), Demand(trials=4, needs={"CPU": 2.0, "GPU": 0.5})
    with ray_session(None):
        first, second = Sharing(), Sharing()
        assert first.demands(mine) == ([mine], 0)
        assert second.demands(theirs) == ([mine, theirs], 1)
        assert first.demands(mine) == ([mine, theirs], 0)
        second.leave()
        assert first.demands(mine) == ([mine], 0)
        third = Sharing()
        third.demands(theirs)
        assert first.demands(mine) == ([mine, theirs], 0)
        clock = itertools.count(1_000_000, 1000)
        monkeypatch.setattr("tuning.engine.slots.sharing.time.monotonic", lambda: next(clock))
        assert first.demands(mine) == ([mine], 0)  # the third has said nothing new for so long
