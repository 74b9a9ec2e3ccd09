"""What is left, from what is known alone: no clock, no screen, no study."""

import math

import pytest

from tuning.engine.view.pace import PhasePace
from tuning.engine.view.remaining import Course, Plan, outlook
from tuning.records import Phase

PLAN = Plan(
    phase=Phase.CONFIRM,
    planned={"a": 3},
    cells=["a"],
    epochs=4,
    rates={1: 0.5},  # of the search alone
    to_confirm={Phase.CONFIRM: {"a": 3}, Phase.MATCHED: {}, Phase.ABLATE: {"a": 2}},
)
PACE = PhasePace(startup=3.0, start=2.0, gap=0.5, at_once=1, ends=1, since={"runs": 0.25})


def course(key, last_epoch, *, ended=False, phase=Phase.CONFIRM):
    return Course(key=key, cell="a", phase=phase, last_epoch=last_epoch, ended=ended, epoch_seconds=1.5)


COURSES = [course("tuned", 4, ended=True, phase=Phase.TUNE), course("ended", 4, ended=True), course("runs", 1)]


def test_a_trial_that_runs_has_its_epochs_to_go_and_one_that_waits_has_all_and_its_start():
    """(1.5 + 0.5) s an epoch: 3 of them less 0.25 s; 4 of them and a start of 2 s; one after the other."""
    left = outlook(PLAN, COURSES, PACE)
    assert left.phase.seconds == 5.75 + 10.0
    assert left.cells == {"a": 15.75}


def test_what_comes_after_begins_with_its_workers_start():
    assert outlook(PLAN, COURSES, PACE).study.seconds == 15.75 + 3.0 + 2 * 10.0


def test_where_all_lengths_are_known_the_bounds_are_those_of_a_machines_moods():
    left = outlook(PLAN, COURSES, PACE).phase
    assert (left.low, left.high) == pytest.approx((15.75 / math.exp(1.28 * 0.15), 15.75 * math.exp(1.28 * 0.15)))


def test_two_places_run_side_by_side():
    two = PhasePace(startup=3.0, start=2.0, gap=0.5, at_once=2, ends=1, since={"runs": 0.25})
    assert outlook(PLAN, COURSES, two).phase.seconds == 10.0
