"""Trouble with the store is told once when it lasts, and once when it is over."""

import itertools

import pytest

from tuning.engine.view.store_watch import StoreWatch


@pytest.fixture
def clock(monkeypatch):
    """Four seconds pass at each look."""
    ticks = itertools.count(0, 4)
    monkeypatch.setattr("tuning.engine.view.store_watch.time.monotonic", lambda: float(next(ticks)))


def test_trouble_that_lasts_is_told_once_and_so_is_its_end(clock):
    trouble = ["Connection refused"]
    watch = StoreWatch(lambda: trouble[0])
    assert [watch.news() for _ in range(3)] == [None] * 3
    told = watch.news()
    assert told is not None
    assert "(Connection refused); trials go on" in told
    assert watch.state() == told
    assert watch.news() is None
    trouble[0] = None
    assert watch.news() == "the store takes what is reported again"
    assert watch.news() is None


def test_trouble_that_passes_is_not_told(clock):
    reasons = iter(["reset", None] * 5)
    watch = StoreWatch(lambda: next(reasons))
    assert [watch.news() for _ in range(10)] == [None] * 10
