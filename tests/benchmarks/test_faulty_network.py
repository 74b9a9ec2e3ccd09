"""A minute of refusals, silence, resets, 500s and doubled requests loses and doubles nothing."""

import pytest

from benchmarks.faulty_network import SECONDS, STUDY, markdown, through
from benchmarks.faulty_proxy import FAULTS
from benchmarks.tracking_server import served
from tuning.records import TIMES
from tuning.store import EpochLogged, Journal

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.cluster]


def test_every_point_of_a_study_is_stored_once_through_a_failing_network(tmp_path):
    with served(tmp_path) as port:
        taken = through(port, SECONDS, tmp_path / "failing")
    assert set(taken["met"]) == set(FAULTS), "each fault must have been met, else this shows nothing"
    cells = len(STUDY["conditions"])
    assert taken["runs"] == cells * (STUDY["search"]["trials"] + STUDY["confirm"]["seeds"])
    assert (taken["open"], taken["twice"]) == (0, 0)
    journal = Journal(tmp_path / "failing" / "results" / "failing")
    reported = [event for event, _ in journal.read() if isinstance(event, EpochLogged)]
    assert taken["points"] == sum(name not in TIMES for event in reported for name in event.metrics)


def test_the_table_compares_the_networks_round_by_round():
    sound = {"trials": 50.0, "command": 60.0, "met": {"pass": 9}, "runs": 4, "open": 0, "points": 1000, "twice": 0}
    failing = {**sound, "trials": 55.0, "met": {"pass": 5, "hang": 2, "error": 3}}
    table = markdown({"networks": {"sound": [sound], "failing": [failing]}})
    assert "| failing | 55.0 | 60.0 | 4 | 0 | 1,000 | 0 | 5 |" in table
    assert table.endswith("took 1.10 times as long (1.10 to 1.10 over 1 rounds).")
