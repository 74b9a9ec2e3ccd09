"""Thinning: a trial's vectors fit into their room, and every trial of an architecture keeps the same epochs."""

import itertools

import pytest

from tuning.trial.vector_schedule import BYTES_A_VALUE, ROOM, vector_epochs

MEASURED = [range(1), range(2), range(11), range(201), (*range(0, 200, 7), 200)]


@pytest.mark.parametrize("measured", MEASURED, ids=lambda epochs: f"{len(epochs)} epochs")
@pytest.mark.parametrize("values", [1, 10, 8_010, 500_000, 5_000_000, 17_999_999, 18_000_000, 10**8])
def test_the_chosen_epochs_fit_and_a_smaller_step_would_not(values: int, measured: range) -> None:
    chosen = vector_epochs(values, measured)
    room = ROOM // (BYTES_A_VALUE * values)
    assert len(chosen) <= room
    places = [list(measured).index(epoch) for epoch in chosen]
    step = places[1] - places[0] if len(places) > 1 else 1
    assert {after - before for before, after in itertools.pairwise(places[:-1])} <= {step}
    if step > 1:
        finer = len({*measured[:: step - 1], measured[-1]})
        assert finer > room


def test_a_short_or_small_training_keeps_all() -> None:
    assert vector_epochs(8_010, range(201)) == tuple(range(201))


@pytest.mark.parametrize("values", [500_000, 5_000_000, 18_000_000])
def test_the_first_and_the_last_state_are_kept_wherever_two_fit(values: int) -> None:
    chosen = vector_epochs(values, range(201))
    assert (chosen[0], chosen[-1]) == (0, 200)


def test_one_measurement_that_fits_alone_is_the_last() -> None:
    assert vector_epochs(18_000_001, range(201)) == (200,)
    assert vector_epochs(36_000_000, range(201)) == (200,)
    assert vector_epochs(36_000_001, range(201)) == ()
