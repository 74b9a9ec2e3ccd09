"""A study is worth more than what is read of it: it ends as it would, whoever has left."""

import os
import shlex
import subprocess

import psutil
import pytest

from tests.tuning.place import Place
from tests.tuning.studies import SHORT
from tuning.logs import RUN_LOG
from tuning.store import Journal, RunEnded

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.cluster]


def in_a_shell(place, line):
    """Run a line of the shell's in which STUDY is the study's command; return what it says and how the study ended."""
    line = line.replace("STUDY", shlex.join(place.command))
    done = subprocess.run(
        ["bash", "-c", line], cwd=place.folder, env=place.environment, capture_output=True, text=True, check=False
    )
    return done.stdout.splitlines(), done.stderr


def log_of(place):
    return (place.folder / "results" / "tiny" / RUN_LOG).read_text().splitlines()


@pytest.fixture(scope="module")
def of_one_line(tmp_path_factory):
    """A study of whose output one line was read."""
    place = Place(tmp_path_factory.mktemp("head"))
    return place, in_a_shell(place, "STUDY | head -n 1; echo ${PIPESTATUS[0]}")


def test_a_study_of_which_one_line_is_read_runs_to_its_end(of_one_line):
    place, (said, errors) = of_one_line
    assert said == ["The search repeats exactly: it runs one trial at a time.", "0"]
    assert errors == ""
    assert [run.status for run in place.runs] == ["FINISHED"] * 28


def test_what_nobody_read_is_in_the_log(of_one_line):
    place, _ = of_one_line
    log = log_of(place)
    said = [line for line in log if ", val accuracy " in line]
    ends = [line for line in said if " completed after " in line or " early stopped after " in line]
    assert len(ends) == 28
    assert "confirm: mlp-deep/decay 2/2 completed after 3 epochs" in ends[-1]
    assert "Results: python -m analysis report tiny" in log[-1]


def test_a_full_disk_at_both_outputs_ends_nothing_and_one_without_letters_neither(tmp_path):
    place = Place(tmp_path / "größe", **SHORT)
    said, errors = in_a_shell(place, "STUDY >/dev/full 2>/dev/full; echo $?")
    assert (said, errors) == (["0"], "")
    assert [run.status for run in place.runs] == ["FINISHED"] * 2
    said, errors = in_a_shell(place, "PYTHONIOENCODING=ascii STUDY; echo $?")
    assert said[0] == "nothing left to do: all 2 trials of tiny have ended"
    assert said[-2].endswith("gr\\xf6\\xdfe/mlflow.db")
    assert (said[-1], errors) == ("0", "")


def ended(place):
    return sum(isinstance(event, RunEnded) for event, _ in Journal(place.folder / "results" / "tiny").read())


def test_a_terminal_that_closes_stops_a_study_in_order_and_it_goes_on(of_one_line, tmp_path):
    """Its shell is told by the kernel, and when that has gone all of the study's group, Ray's servers among them."""
    whole, _ = of_one_line
    place = Place(tmp_path)
    master, terminal = os.openpty()
    shell = subprocess.Popen(
        ["setsid", "--ctty", "bash", "-m", "-c", f"{shlex.join(place.command)}; echo over"],
        cwd=place.folder,
        env=place.environment,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    screen = b""
    while ended(place) < 4:
        screen += os.read(master, 1 << 16)
        assert shell.poll() is None, screen
    (study,) = psutil.Process(shell.pid).children()
    assert os.getpgid(study.pid) == study.pid  # as a shell starts it: Ray's servers are in its group
    os.close(master)
    shell.wait()
    study.wait()
    assert b"best val accuracy" in screen
    assert sum(" tune: " in line for line in log_of(place)) >= 5
    assert log_of(place)[-1].endswith(" Interrupted. The same command goes on where this one stopped.")
    assert {run.status for run in place.runs} <= {"FINISHED", "KILLED"}
    done = place.run()
    assert done.returncode == 0, done.stderr
    assert place.numbers() == whole.numbers()
