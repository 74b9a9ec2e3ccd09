"""Studies on one cluster have fair shares of it."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tuning.studies import study
from tuning.engine.ray_session import ray_session
from tuning.engine.sharing import Sharing, fair_shares, whole_slots
from tuning.engine.slots import Slots

demands = st.lists(st.floats(0, 1), min_size=1, max_size=8)


@given(demands)
def test_nobody_gets_more_than_demanded_and_all_together_at_most_everything(asked):
    shares = fair_shares(asked)
    assert all(share <= demand + 1e-12 for share, demand in zip(shares, asked, strict=True))
    assert sum(shares) <= 1 + 1e-9


@given(demands)
def test_a_study_whose_demand_is_not_met_has_as_much_as_any_other(asked):
    shares = fair_shares(asked)
    for share, demand in zip(shares, asked, strict=True):
        if share < demand - 1e-9:
            assert share >= max(shares) - 1e-9
            assert sum(shares) == pytest.approx(1)


@given(st.integers(1, 100), demands)
def test_whole_slots_are_all_slots_and_none_twice(total, asked):
    shares = fair_shares(asked)
    slots = [whole_slots(total, shares, place) for place in range(len(shares))]
    assert sum(slots) == math.floor(total * sum(shares) + 1e-6)
    for share, own in zip(shares, slots, strict=True):
        assert abs(own - total * share) < 1 + 1e-6


class Nodes:
    """A cluster of so many cores."""

    def __init__(self, cores):
        self.cores = cores

    def capacity(self):
        return {"CPU": float(self.cores)}


def test_slots_follow_the_cluster_and_never_fall_below_one():
    class Alone:
        def shares(self, demand):
            return [demand], 0

    cluster = Nodes(4)
    slots = Slots(study(search={"trials": 5, "early_stopping": "none"}), cluster, Alone())
    assert slots.allowed(100) == 4
    for cores, wanted, allowed in ((6, 100, 6), (6, 2, 2), (0, 100, 1)):
        cluster.cores = cores
        slots._asked = -math.inf  # as if its second had passed
        assert slots.allowed(wanted) == allowed


@pytest.mark.ray
@pytest.mark.slow
def test_two_studies_divide_a_cluster_and_one_that_leaves_or_dies_leaves_all_of_it(monkeypatch):
    with ray_session(None):
        first, second = Sharing(), Sharing()
        assert first.shares(1.0) == ([1.0], 0)
        assert second.shares(1.0) == ([0.5, 0.5], 1)
        assert first.shares(1.0) == ([0.5, 0.5], 0)
        assert second.shares(0.25) == ([0.75, 0.25], 1)
        assert first.shares(1.0) == ([0.75, 0.25], 0)
        second.leave()
        assert first.shares(1.0) == ([1.0], 0)
        third = Sharing()
        third.shares(1.0)
        assert first.shares(1.0) == ([0.5, 0.5], 0)
        clock = itertools.count(1_000_000, 1000)
        monkeypatch.setattr("tuning.engine.sharing.time.monotonic", lambda: next(clock))
        assert first.shares(1.0) == ([1.0], 0)  # the third has said nothing new for so long
