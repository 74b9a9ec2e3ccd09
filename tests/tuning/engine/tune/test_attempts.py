"""A trial that kills or hangs its worker is given up with its reason, and not by its checkpoint for ever."""

import os

import pytest

from tuning.engine.state.trial_life import ATTEMPTS
from tuning.engine.tune.attempts import begin
from tuning.engine.tune.hung import STACKS, pronounce
from tuning.trial import STATE_FILE, Checkpoint


def test_a_trial_that_dies_without_getting_further_is_given_up_and_may_be_tried_again_later(tmp_path):
    for _ in range(ATTEMPTS):
        begin(tmp_path, "session")
    with pytest.raises(RuntimeError, match=f"its worker died {ATTEMPTS} times without getting further"):
        begin(tmp_path, "session")
    begin(tmp_path, "session")


def test_a_trial_that_gets_further_may_die_as_often_as_it_likes(tmp_path):
    for attempt in range(3 * ATTEMPTS):
        begin(tmp_path, "session")
        (tmp_path / STATE_FILE).write_text(str(attempt))


def test_a_node_that_is_lost_is_no_fault_of_its_trial(tmp_path):
    lost = [f"node {number}" for number in range(3 * ATTEMPTS)]
    for node in lost:
        begin(tmp_path, "session", node, lambda: lost)
    for _ in range(ATTEMPTS):  # it is, where the node lives on
        begin(tmp_path, "session", "here", lambda: lost)
    with pytest.raises(RuntimeError, match="without getting further"):
        begin(tmp_path, "session", "here", lambda: lost)


@pytest.mark.parametrize("note", ["", '{"session": "sess', "[]"])
def test_a_damaged_note_is_none(tmp_path, note):
    (tmp_path / "attempts.json").write_text(note)
    begin(tmp_path, "session")


def test_a_study_that_is_killed_again_and_again_is_no_fault_of_its_trials(tmp_path):
    for number in range(3 * ATTEMPTS):
        begin(tmp_path, f"session {number}")


def kept(folder, content="a state"):
    (folder / STATE_FILE).write_text(content)


def test_a_trial_given_up_after_it_went_on_from_its_checkpoint_does_not_go_on_from_it_again(tmp_path):
    kept(tmp_path)
    for _ in range(ATTEMPTS):
        begin(tmp_path, "session")
    with pytest.raises(RuntimeError, match="without getting further"):
        begin(tmp_path, "session")
    assert not (tmp_path / STATE_FILE).exists()
    assert (tmp_path / "state.damaged").read_text() == "a state"
    assert "its worker died 4 times" in Checkpoint(tmp_path).begun_anew
    begin(tmp_path, "the next session")


@pytest.mark.parametrize("further", [False, True])
def test_one_that_hung_goes_on_from_its_checkpoint_only_if_it_had_come_to_another(tmp_path, further):
    kept(tmp_path)
    begin(tmp_path, "session")
    if further:
        (tmp_path / STATE_FILE).unlink()
        kept(tmp_path, "a later state")
        os.utime(tmp_path / STATE_FILE, ns=(0, 1))
    pronounce(tmp_path, "by the driver")
    with pytest.raises(RuntimeError, match="no sign of life for too long and was ended\nby the driver"):
        begin(tmp_path, "session")
    assert (tmp_path / STATE_FILE).exists() == further
    begin(tmp_path, "the next session")  # run again, it is tried anew


def test_stacks_alone_are_no_verdict(tmp_path):
    """They are of a process that was stopped and went on, and died of something else later."""
    (tmp_path / STACKS).write_text("Thread 1")
    begin(tmp_path, "session")
    assert not (tmp_path / STACKS).exists()
