"""A worker that hangs is ended with its stacks; one that was stopped, or waits for the driver, is not."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.root import ROOT
from tests.tuning.engine.tune.clock_by_hand import Hand
from tuning.engine.tune.attempts import begin
from tuning.engine.tune.awake import AwakeClock
from tuning.engine.tune.hung import STACKS, VERDICT

WORKER = """
import ctypes, sys, time
from pathlib import Path
from tuning.engine.tune.attempts import begin
from tuning.engine.tune.watchdog import watched
folder = Path(sys.argv[1])
begin(folder, "session")
def waits_for_ever():
    time.sleep(1000)
def keeps_the_lock():
    ctypes.PyDLL(None).sleep(1000)
def until(name):
    while not (folder / name).exists():
        time.sleep(0.05)
def lives_until(name):
    while not (folder / name).exists():
        time.sleep(0.05)
        watchdog.sign()
with watched(folder, float(sys.argv[2])) as watchdog:
    print("alive", flush=True)
    exec(sys.argv[3])
print("well", flush=True)
"""


def worker(folder, seconds, does):
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(folder), str(seconds), does],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(condition):
    while not condition():
        time.sleep(0.05)


def stopped(process):
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def stop_for(process, seconds):
    """Stop it for as long by a clock that runs on, as with Ctrl-Z or a frozen container, and let it go on."""
    process.send_signal(signal.SIGSTOP)
    wait_for(lambda: stopped(process))
    end = time.monotonic() + seconds
    wait_for(lambda: time.monotonic() > end)
    process.send_signal(signal.SIGCONT)


def test_a_process_that_hangs_is_ended_and_the_next_attempt_says_where_it_was(tmp_path):
    process = worker(tmp_path, 1.0, "lives_until('go'); waits_for_ever()")
    assert process.stdout.readline() == "alive\n"
    (tmp_path / "go").touch()
    assert process.communicate() == ("", "")
    assert process.returncode == 1
    with pytest.raises(RuntimeError, match="gave no sign of life for too long and was ended") as told:
        begin(tmp_path, "session")
    assert "waits_for_ever" in str(told.value)
    begin(tmp_path, "session")  # run again, it is tried anew


@pytest.mark.slow
def test_a_process_that_was_stopped_for_longer_is_not_taken_to_hang(tmp_path):
    process = worker(tmp_path, 3.0, "until('go')")
    assert process.stdout.readline() == "alive\n"
    for _ in range(2):
        stop_for(process, 4.0)
    (tmp_path / "go").touch()
    assert process.communicate() == ("well\n", "")
    assert (tmp_path / VERDICT).read_text() == ""
    begin(tmp_path, "session")


@pytest.mark.slow
def test_one_that_hangs_after_it_was_stopped_is_ended_all_the_same(tmp_path):
    process = worker(tmp_path, 1.0, "lives_until('go'); waits_for_ever()")
    assert process.stdout.readline() == "alive\n"
    stop_for(process, 2.0)
    (tmp_path / "go").touch()
    assert process.communicate() == ("", "")
    with pytest.raises(RuntimeError, match=r"(?s)gave no sign of life.*waits_for_ever"):
        begin(tmp_path, "session")


@pytest.mark.slow
def test_time_in_which_the_trial_waits_for_the_driver_is_not_its_own(tmp_path):
    waits = "time.sleep(0.1)\nwith watchdog.waiting():\n    until('go')"
    process = worker(tmp_path, 1.0, waits)
    assert process.stdout.readline() == "alive\n"
    end = time.monotonic() + 3.0
    wait_for(lambda: time.monotonic() > end)
    (tmp_path / "go").touch()
    assert process.communicate() == ("well\n", "")


def test_who_hangs_in_compiled_code_that_keeps_the_lock_leaves_where_for_the_driver_to_end_it(tmp_path):
    process = worker(tmp_path, 1.0, "keeps_the_lock()")
    assert process.stdout.readline() == "alive\n"
    wait_for(lambda: "keeps_the_lock" in (tmp_path / STACKS).read_text())
    assert process.poll() is None
    process.kill()
    process.communicate()


def test_the_thread_ends_with_the_watch(tmp_path):
    process = worker(tmp_path, 1.0, "")
    out, errors = process.communicate()
    assert (out, errors, process.returncode) == ("alive\nwell\n", "", 0)


@pytest.mark.parametrize(
    ("gaps", "counted"),
    [([], 0.0), ([1.0, 1.5, 2.0], 4.5), ([3600.0], 2.0), ([1.0, 86400.0, 1.0], 4.0), ([2.0, 2.5], 4.0)],
    ids=["none", "short", "long", "long between short", "just longer"],
)
def test_of_a_gap_only_so_much_is_counted(gaps, counted):
    hand = Hand()
    clock = AwakeClock(most=2.0, now=hand)
    for gap in gaps:
        hand.time += gap
        clock.tick()
    assert clock.tick() == counted
