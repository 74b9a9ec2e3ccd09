"""A cluster is divided fairly among studies that reserve different things."""

from hypothesis import given
from hypothesis import strategies as st

from tuning.engine.slots.fairness import Demand, fair_slots

CAPACITY = {"CPU": 64.0, "GPU": 8.0}
needs = st.builds(
    lambda cpu, gpu: {"CPU": float(cpu)} | ({"GPU": gpu} if gpu else {}),
    st.integers(1, 16),
    st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0]),
)
demand_lists = st.lists(st.builds(lambda trials, needs: Demand(trials=trials, needs=needs), st.integers(0, 80), needs))


def used(demands, slots):
    return {
        name: sum(own * demand.needs.get(name, 0.0) for demand, own in zip(demands, slots, strict=True))
        for name in CAPACITY
    }


def dominant(demand, slots):
    return max(slots * amount / CAPACITY[name] for name, amount in demand.needs.items())


@given(demand_lists)
def test_nobody_gets_more_than_wanted_and_all_together_no_more_than_there_is(demands):
    slots = fair_slots(CAPACITY, demands)
    assert all(own <= demand.trials for demand, own in zip(demands, slots, strict=True))
    assert all(amount <= CAPACITY[name] + 1e-6 for name, amount in used(demands, slots).items())


@given(demand_lists)
def test_nothing_is_left_that_a_study_which_wants_more_could_use(demands):
    slots = fair_slots(CAPACITY, demands)
    free = {name: CAPACITY[name] - amount for name, amount in used(demands, slots).items()}
    for demand, own in zip(demands, slots, strict=True):
        if own < demand.trials:
            assert any(free[name] < amount for name, amount in demand.needs.items())


@given(st.lists(st.integers(0, 80), min_size=1), needs)
def test_studies_that_reserve_the_same_have_equal_parts_or_all_they_want(wanted, same):
    demands = [Demand(trials=trials, needs=same) for trials in wanted]
    slots = fair_slots(CAPACITY, demands)
    for trials, own in zip(wanted, slots, strict=True):
        assert own == trials or own >= max(slots) - 1


def test_studies_of_cores_and_of_gpus_do_not_stand_in_each_others_way():
    cores, gpus = Demand(trials=40, needs={"CPU": 1.0}), Demand(trials=99, needs={"CPU": 3.0, "GPU": 1.0})
    assert fair_slots(CAPACITY, [cores, gpus]) == [40, 8]


def test_the_published_example_of_dominant_resource_fairness():
    """Nine cores, 18 GB; tasks of (1, 4) and of (3, 1): three and two of them (Ghodsi et al. 2011, section 4.1)."""
    first, second = Demand(trials=99, needs={"CPU": 1, "memory": 4}), Demand(trials=99, needs={"CPU": 3, "memory": 1})
    assert fair_slots({"CPU": 9, "memory": 18}, [first, second]) == [3, 2]


def test_where_nothing_fits_nobody_has_a_slot():
    assert fair_slots({"CPU": 2.0}, [Demand(trials=3, needs={"CPU": 1.0, "GPU": 1.0})]) == [0]
    assert fair_slots({}, [Demand(trials=3, needs={"CPU": 1.0})]) == [0]
