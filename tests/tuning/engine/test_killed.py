"""A study whose driver is killed ten times stores what an uninterrupted one does."""

import random
import subprocess
from pathlib import Path

import pytest

from tests.tuning.place import Place
from tuning.store import ChoiceFrozen, Journal, RunStarted

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.cluster]

KILLS = 10
SEED = 20261127


def journal(place: Place) -> Path:
    return place.folder / "results" / "tiny" / Journal.NAME


def size(place: Place) -> int:
    try:
        return journal(place).stat().st_size
    except FileNotFoundError:
        return 0


def snapshot_begins(place: Place) -> bool:
    """Whether Tune has begun to write its own state, which lies in the study's folder while a phase runs."""
    return any((place.folder / "results" / "tiny" / "ray").rglob("tuner.pkl"))


def test_a_study_killed_at_ten_moments_stores_what_an_uninterrupted_one_does(tmp_path):
    whole, place = Place(tmp_path / "whole"), Place(tmp_path / "killed")
    assert whole.run().returncode == 0
    length = size(whole)
    confirming = next(end for event, end in Journal(journal(whole).parent).read() if isinstance(event, ChoiceFrozen))
    chance = random.Random(SEED)
    place.kill_when(lambda: snapshot_begins(place))
    # Half of what is left falls into the search, half into the confirmation; each time at once or within 50 ms.
    parts = [(0, confirming)] * (KILLS // 2) + [(confirming, length)] * (KILLS - 1 - KILLS // 2)
    for place_of_kill, (low, high) in enumerate(parts):
        share = chance.uniform(place_of_kill % 5 / 5, (place_of_kill % 5 + 1) / 5)
        target = low + 1 + share * (high - low - 2)
        place.kill_when(lambda: size(place) >= target, chance.choice([0.0, chance.uniform(0, 0.05)]))  # ruff: ignore[function-uses-loop-variable]
    begun = [event for event, _ in Journal(journal(place).parent).read() if isinstance(event, RunStarted)]
    assert len(begun) > len({event.key for event in begun}), (
        "some trial must have been begun again, else this shows nothing"
    )
    assert any(event.key.startswith("confirm__") for event in begun)
    done: subprocess.CompletedProcess[str] = place.run()
    assert done.returncode == 0, done.stderr
    assert place.numbers() == whole.numbers()
    assert place.spectra() == whole.spectra()
    assert place.seeds() == whole.seeds()
    assert {run.status for run in place.runs} == {"FINISHED"}
    assert len(place.runs) == len(whole.runs)
