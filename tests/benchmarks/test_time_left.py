"""What a study has said of the time that is left is read from its log, and compared with what was true."""

import pytest

from benchmarks.time_left import compared, markdown

LINES = [
    "2026-12-01 10:00:00 tune: first epoch of a/b, val accuracy 0.5",
    "2026-12-01 10:00:05 tune: a/b 1/2 completed after 3 epochs, val accuracy 0.5; ? left in tune",
    "2026-12-01 10:00:40 tune: a/b 2/2 completed after 3 epochs, val accuracy 0.5; 0 s left in tune, "
    "40 s to 1 min to the end",
    "2026-12-01 10:01:28 confirm: a/b 1/2 completed after 3 epochs, val accuracy 0.5; 10 to 20 s left in confirm",
    "2026-12-01 10:01:40 confirm: a/b 2/2 completed after 3 epochs, val accuracy 0.5; 0 s left in confirm",
]


def test_what_was_said_is_less_the_time_since_then():
    first, second, third = compared(LINES)
    assert first == {"share": 0.1, "true": 90.0}
    assert second == {"share": 0.5, "true": 50.0, "low": 30.0, "high": 50.0}
    assert third == {"share": 0.9, "true": pytest.approx(10.0), "low": pytest.approx(8.0), "high": pytest.approx(18.0)}


def test_the_table_has_the_middle_of_both_bounds():
    table = markdown({"rows": {"from the beginning": compared(LINES)}})
    assert "| from the beginning | 10 % | nothing yet | 90 |  |" in table
    assert "| from the beginning | 90 % | 8 to 18 | 10 | 1.20 |" in table
