"""A trial that kills or hangs its worker is given up with its reason."""

import subprocess
import sys
from pathlib import Path

import pytest

from tuning.engine.attempts import ATTEMPTS, begin
from tuning.trial import STATE_FILE


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


@pytest.mark.parametrize("note", ["", '{"session": "sess', "[]"])
def test_a_damaged_note_is_none(tmp_path, note):
    (tmp_path / "attempts.json").write_text(note)
    begin(tmp_path, "session")


def test_a_study_that_is_killed_again_and_again_is_no_fault_of_its_trials(tmp_path):
    for number in range(3 * ATTEMPTS):
        begin(tmp_path, f"session {number}")


HANGS = """
import sys, time
from pathlib import Path
from tuning.engine.attempts import begin, watched
begin(Path(sys.argv[1]), "session")
def waits_for_ever():
    time.sleep(1000)
with watched(Path(sys.argv[1]), 1.0) as alive:
    for _ in range(3):
        time.sleep(0.5)
        alive()
    print("alive", flush=True)
    waits_for_ever()
"""


def test_a_process_that_hangs_is_ended_and_the_next_attempt_says_where_it_was(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", HANGS, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("alive\n", 1)
    with pytest.raises(RuntimeError, match="gave no sign of life for too long and was ended") as told:
        begin(tmp_path, "session")
    assert "waits_for_ever" in str(told.value)
    begin(tmp_path, "session")  # run again, it is tried anew
