"""When the driver takes a trial to be silent, by a clock that is driven by hand."""

import pytest
from ray.tune.experiment import Trial

from tests.tuning.engine.tune.clock_by_hand import Hand
from tests.tuning.studies import settings
from tuning.engine.state.trial_life import MARGIN
from tuning.engine.tune.attempts import begin
from tuning.engine.tune.trainable import as_config
from tuning.engine.tune.trial_watch import TrialWatch

PATIENCE = 60 * 2 + MARGIN


@pytest.fixture
def hand():
    return Hand()


@pytest.fixture
def ended():
    return []


@pytest.fixture
def watch(hand, ended):
    return TrialWatch(now=hand, kill=ended.append)


@pytest.fixture
def trial(tmp_path):
    of_trial = settings(resources={"epoch_minutes": 2})
    trial = Trial("nothing is run", config=as_config(of_trial, str(tmp_path), "session", "content"), stub=True)
    trial.temporary_state.ray_actor = "its worker"
    (tmp_path / of_trial.key).mkdir()
    return trial


def steps(watch, hand, seconds, each=0.1):
    """Tune's loop goes round for so long."""
    for _ in range(round(seconds / each)):
        hand.time += each
        watch.on_step_end(0, [])


def test_a_trial_silent_for_longer_than_its_minutes_and_the_margin_is_ended_with_a_verdict(
    watch, hand, ended, trial, tmp_path
):
    watch.on_trial_start(0, [trial], trial)
    steps(watch, hand, PATIENCE - 1)
    assert not ended
    steps(watch, hand, 5)
    assert ended == ["its worker"]
    with pytest.raises(RuntimeError, match=r"no sign of life for too long and was ended\nby the driver: .*minutes: 2,"):
        begin(tmp_path / settings().key, "session")
    steps(watch, hand, 2 * PATIENCE)
    assert ended == ["its worker"], "once"


def test_a_result_is_a_sign_of_life(watch, hand, ended, trial):
    watch.on_trial_start(0, [trial], trial)
    for _ in range(5):
        steps(watch, hand, PATIENCE - 1)
        watch.on_trial_result(0, [trial], trial, {})
    assert not ended


def test_time_in_which_the_driver_did_not_listen_does_not_count(watch, hand, ended, trial):
    watch.on_trial_start(0, [trial], trial)
    for _ in range(10):
        steps(watch, hand, 5)
        hand.time += 24 * 3600.0
    steps(watch, hand, 1)
    assert not ended
    steps(watch, hand, PATIENCE)
    assert ended


def test_a_new_trial_in_an_old_worker_begins_its_own_time(watch, hand, ended, trial, tmp_path):
    watch.on_trial_start(0, [trial], trial)
    steps(watch, hand, PATIENCE - 1)
    watch.on_trial_complete(0, [trial], trial)
    config = as_config(settings(index=1, resources={"epoch_minutes": 2}), str(tmp_path), "session", "content")
    following = Trial("nothing is run", config=config, stub=True)
    watch.on_trial_start(0, [trial, following], following)
    steps(watch, hand, PATIENCE - 1)
    assert not ended


@pytest.mark.parametrize("event", ["on_trial_complete", "on_trial_error", "on_trial_recover"])
def test_a_trial_that_has_ended_or_waits_for_a_worker_is_not_silent(watch, hand, ended, trial, event):
    steps(watch, hand, 2 * PATIENCE)  # pending: no worker yet
    watch.on_trial_start(0, [trial], trial)
    getattr(watch, event)(0, [trial], trial)
    steps(watch, hand, 2 * PATIENCE)
    assert not ended


def test_a_disk_that_takes_no_verdict_is_asked_again(watch, hand, ended, trial, tmp_path):
    folder = tmp_path / settings().key
    folder.rmdir()
    watch.on_trial_start(0, [trial], trial)
    steps(watch, hand, PATIENCE + 5)
    assert not ended
    folder.mkdir()
    steps(watch, hand, 5)
    assert ended
