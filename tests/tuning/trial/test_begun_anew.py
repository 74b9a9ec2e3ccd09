"""A study whose trial finds a checkpoint that it cannot go on from: said once, in the store, and no bit changed."""

import time
from pathlib import Path

import psutil
import pytest
import torch

from tests.tuning.place import Place
from tuning.settings import from_params
from tuning.trial.checkpoint import STATE_FILE, Checkpoint
from tuning.trial.trainer import train

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.cluster]

TRIAL = "tune__mlp-tiny__baseline__000"
SMALL = {"search": {"algorithm": "sobol", "trials": 1, "concurrency": 1}, "confirm": {"seeds": 1}}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    place = Place(tmp_path_factory.mktemp("whole"), **SMALL)
    assert place.run().returncode == 0
    return place


@pytest.fixture
def killed(tmp_path):
    """A study that was killed in its first trial, whose worker has seen that and is gone."""
    place = Place(tmp_path, **SMALL)
    process = place.begin()
    while not state_file(place).parent.is_dir():
        assert process.poll() is None, process.communicate()
        time.sleep(0.0005)
    others = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(others, timeout=120)
    assert not alive
    return place


def state_file(place: Place) -> Path:
    return place.folder / "results" / "tiny" / "checkpoints" / TRIAL / STATE_FILE


def the_run(place):
    return next(run for run in place.runs if run.tags["trial_key"] == TRIAL)


def test_a_checkpoint_of_another_version_begins_anew_is_said_once_and_changes_no_bit(whole, killed):
    torch.save({"epoch": 2, "model": {"weight": torch.zeros(3)}}, state_file(killed))
    done = killed.run()
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(f"{TRIAL} began anew: its checkpoint was of another version") == 1
    assert done.stdout.count("began anew") == 1
    assert "another version" in the_run(killed).tags["began_anew"]
    assert {run.tags["trial_key"] for run in killed.runs if "began_anew" in run.tags} == {TRIAL}
    assert killed.numbers() == whole.numbers()
    assert killed.spectra() == whole.spectra()


def without_second_moments(settings, file, monkeypatch):
    """Keep a state with the trial's own stamp that loads, and from which no step can be taken."""

    file.unlink(missing_ok=True)
    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "due", lambda self: True)
        train(settings, lambda record: None, file.parent)
    kept = torch.load(file, weights_only=True)
    for entries in kept["state"]["optimizer"]["state"].values():
        del entries["exp_avg_sq"]
    torch.save(kept, file)


def test_a_trial_that_fails_from_its_checkpoint_goes_well_when_the_study_is_run_again(whole, killed, monkeypatch):
    trial = next(run for run in whole.runs if run.tags["trial_key"] == TRIAL)
    without_second_moments(from_params(trial.params), state_file(killed), monkeypatch)
    failed = killed.run()
    assert failed.returncode == 1, failed.stdout
    assert "KeyError: 'exp_avg_sq'" in the_run(killed).tags["error"]
    again = killed.run()
    assert again.returncode == 0, again.stderr
    assert f"{TRIAL} began anew: it failed from its checkpoint before it got an epoch further" in again.stdout
    assert "failed from its checkpoint" in the_run(killed).tags["began_anew"]
    assert killed.numbers() == whole.numbers()
