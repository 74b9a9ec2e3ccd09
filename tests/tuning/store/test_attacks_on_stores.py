"""Whole studies whose store, name or folder is not what their journal believes: equal in the end, or refused."""

import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tuning.place import Place
from tests.tuning.put_back import SQLiteStore
from tuning.store import EpochLogged, Journal, RunEnded
from tuning.store.connection import connect

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.cluster]

SMALL = {"search": {"algorithm": "sobol", "trials": 2, "concurrency": 1}, "confirm": {"seeds": 1}}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The same study, undisturbed."""
    place = Place(tmp_path_factory.mktemp("whole"), **SMALL)
    done = place.run()
    assert done.returncode == 0, done.stderr
    assert "all is stored: 12 runs" in done.stdout
    return place


def events(place: Place) -> list[object]:
    return [event for event, _ in Journal(place.folder / "results" / "tiny").read()]


def ended(place: Place, count: int) -> Callable[[], bool]:
    return lambda: sum(isinstance(event, RunEnded) for event in events(place)) >= count


def wait_for(process, moment: Callable[[], bool]) -> None:
    while not moment():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def is_equal(place: Place, whole: Place) -> bool:
    assert {run.status for run in place.runs} == {"FINISHED"}
    return (place.numbers(), place.spectra(), place.seeds()) == (whole.numbers(), whole.spectra(), whole.seeds())


def test_a_killed_study_whose_store_was_put_back_stores_all(tmp_path: Path, whole: Place) -> None:
    place, store = Place(tmp_path, **SMALL), SQLiteStore(tmp_path)
    place.kill_when(ended(place, 3))
    store.save("after_three")
    place.kill_when(ended(place, 7))
    store.put_back("after_three")
    done = place.run()
    assert done.returncode == 0, done.stderr
    assert "the store is not as it was left" in done.stdout
    assert "all is stored: 12 runs" in done.stdout
    assert is_equal(place, whole)


@pytest.mark.parametrize("killed", [True, False], ids=["between kill and resume", "while it runs"])
def test_runs_that_are_deleted_come_back(tmp_path: Path, whole: Place, killed: bool) -> None:
    place = Place(tmp_path, **SMALL)

    def delete_two() -> None:
        runs = place.runs
        for run in (runs[0], runs[-1]):
            connect(place.uri).delete_run(run.run_id)

    def begun() -> bool:
        return ended(place, 3)() and isinstance(events(place)[-1], EpochLogged)

    if killed:
        place.kill_when(begun)
        delete_two()
        done = place.run()
        assert done.returncode == 0, done.stderr
    else:
        process = place.begin()
        wait_for(process, begun)
        delete_two()
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    assert is_equal(place, whole)


def test_of_two_drivers_with_one_name_one_is_refused_in_a_line(tmp_path: Path, whole: Place) -> None:
    places = [
        Place(tmp_path, **SMALL),
        Place(tmp_path / "other", **{**SMALL, "search": {**SMALL["search"], "seed": 7}}),
    ]
    places[1].uri = places[0].uri
    processes = [place.begin() for place in places]
    told = [process.communicate() for process in processes]
    codes = [process.returncode for process in processes]
    assert sorted(codes) == [0, 2], told
    errors = told[codes.index(2)][1]
    assert errors.startswith("error: a study")
    assert errors.count("\n") == 1
    assert "--name tiny-" in errors
    runs = places[0].runs
    assert len(runs) == 12
    assert {run.status for run in runs} == {"FINISHED"}
    if codes[0] == 0:
        assert is_equal(places[0], whole)


def test_a_second_driver_of_one_folder_is_refused_and_another_name_is_free(tmp_path: Path, whole: Place) -> None:
    place = Place(tmp_path, **SMALL)
    process = place.begin()
    wait_for(process, ended(place, 1))
    second = place.run()
    assert second.returncode == 2
    assert "a study is written by one process at a time" in second.stderr
    elsewhere = place.run("--storage", "elsewhere")
    assert elsewhere.returncode == 2
    assert "give yours another name with --name" in elsewhere.stderr
    named = place.run("--storage", "elsewhere", "--name", "tiny-mine")
    assert named.returncode == 0, named.stderr
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert is_equal(place, whole)


@pytest.mark.parametrize("gone", ["moved", "deleted", "replaced", "its journal deleted"])
def test_a_folder_that_goes_away_ends_its_study_in_a_line_and_nothing_is_lost(
    tmp_path: Path, whole: Place, gone: str
) -> None:
    place = Place(tmp_path, **SMALL)
    results = tmp_path / "results" / "tiny"
    process = place.begin()
    wait_for(process, ended(place, 3))
    if gone == "moved":
        results.rename(tmp_path / "away")
    elif gone == "its journal deleted":
        (results / Journal.NAME).unlink()
    else:
        shutil.rmtree(results, ignore_errors=True)
        if gone == "replaced":
            shutil.rmtree(results, ignore_errors=True)
            results.mkdir(exist_ok=True)
            (results / "mine.txt").touch()
    _, errors = process.communicate()
    assert process.returncode == 1, errors
    assert "problem: a study's folder must stay where it is while the study runs, got" in errors
    assert "Traceback" not in errors
    assert {run.status for run in place.runs} <= {"FINISHED", "KILLED"}
    if gone == "moved":
        assert f"moved to {tmp_path / 'away'}" in errors
        assert not results.exists()
        (tmp_path / "away").rename(results)
    done = place.run()
    assert done.returncode == 0, done.stderr
    assert is_equal(place, whole)


def test_a_copy_of_a_folder_is_refused_while_the_other_is_written(tmp_path: Path, whole: Place) -> None:
    place = Place(tmp_path, **SMALL)
    process = place.begin()
    wait_for(process, ended(place, 1))
    process.send_signal(signal.SIGSTOP)
    shutil.copytree(tmp_path / "results", tmp_path / "copy")
    refused = place.run("--storage", "copy")
    process.send_signal(signal.SIGCONT)
    _, errors = process.communicate()
    assert refused.returncode == 2
    assert "a study is written by one process at a time" in refused.stderr
    assert process.returncode == 0, errors
    assert is_equal(place, whole)
