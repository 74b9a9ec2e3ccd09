"""Where a Ray of one's own cannot start: twice tried, then one line with a cure that works."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager, suppress

import psutil
import pytest
import ray

from tests.root import ROOT
from tests.tuning.place import Place
from tests.tuning.studies import SHORT
from tuning.engine.cluster.ray_session import ray_session

pytestmark = [pytest.mark.ray, pytest.mark.slow]


def servers(name, of=None):
    """The processes of a name that a process, by default this one, has started."""
    found = []
    for process in psutil.Process(of).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if process.name() == name:
                found.append(process)
    return found


@contextmanager
def first_stopped(name, of=None, seconds=threading.TIMEOUT_MAX):
    """Stop the first server of a name as soon as it is there, as long as the seconds or what is within last."""
    stopped, over = [], threading.Event()

    def stop():
        while not stopped and not over.is_set():
            for process in servers(name, of):
                process.suspend()
                stopped.append(process)
        if stopped and not over.wait(seconds):
            with suppress(psutil.NoSuchProcess):  # given up in the meantime
                stopped[0].resume()

    thread = threading.Thread(target=stop)
    thread.start()
    try:
        yield stopped
    finally:
        over.set()
        thread.join()


def told(done):
    """The one line that a study was refused with."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    return line


def test_ray_that_does_not_start_is_started_again_and_nothing_of_the_first_is_left(monkeypatch):
    monkeypatch.setenv("RAY_gcs_server_port_wait_time_s", "5")
    with first_stopped("gcs_server") as stopped, ray_session(None):
        (first,) = stopped
        (second,) = servers("gcs_server")
        assert second.pid != first.pid
        assert not first.is_running()
        assert ray.cluster_resources()["CPU"] > 0


def test_ray_that_does_not_start_twice_is_one_line(tmp_path):
    line = told(Place(tmp_path, **SHORT).run(RAY_gcs_server_port_wait_time_s="0"))
    assert "Ray must start on this machine, got no start in two tries (Timed out waiting for file" in line
    assert "set RAY_raylet_start_wait_time_s=300 and RAY_gcs_server_port_wait_time_s=300" in line


STARTS = """
from tuning.engine.cluster.ray_session import ray_session
with ray_session(None):
    input("started")
"""


@pytest.mark.cluster
@pytest.mark.parametrize(("patience", "as_first"), [("300", True), ("1", False)], ids=["with the cure", "without"])
def test_a_slow_server_is_waited_for_as_long_as_ray_is_told_else_a_second_is_started(patience, as_first):
    """Ray by itself gives a raylet half a minute."""
    process = subprocess.Popen(
        [sys.executable, "-c", STARTS],
        cwd=ROOT,
        env={**os.environ, "RAY_raylet_start_wait_time_s": patience},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with first_stopped("raylet", of=process.pid, seconds=40) as stopped:
        assert process.stdout.read(7) == "started"
        (raylet,) = servers("raylet", of=process.pid)
        assert (raylet == stopped[0]) == as_first
    process.communicate("\n")
    assert process.returncode == 0


@pytest.mark.parametrize("name", ["TMPDIR", "RAY_TMPDIR"])
def test_a_folder_too_long_for_sockets_is_one_line(tmp_path, name):
    line = told(Place(tmp_path, **SHORT).run(**{name: str(tmp_path / ("long" * 20))}))
    assert f"a socket's path must be short, got {tmp_path}/longlong" in line
    assert line.endswith("; set RAY_TMPDIR=/tmp, or to another short path")


def test_a_folder_with_other_letters_than_a_socket_takes_is_one_line(tmp_path):
    with tempfile.TemporaryDirectory(prefix="ö", dir="/tmp") as short:  # else its length comes first
        line = told(Place(tmp_path, **SHORT).run(TMPDIR=short))
    assert "a socket's path must have letters of ASCII alone, got " in line
    assert line.endswith("; set RAY_TMPDIR=/tmp, or to another such path")


def test_with_a_short_path_for_sockets_a_study_runs_where_tmpdir_is_too_long(tmp_path):
    long = tmp_path / ("long" * 20)
    long.mkdir()
    done = Place(tmp_path, **SHORT).run(TMPDIR=str(long), RAY_TMPDIR="/tmp")
    assert done.returncode == 0, done.stderr


NOBODY = 12345
"""A user that the system knows nothing of, as containers have them."""
BY_NOBODY = (
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),  # to read Python's and the tests' folders
    "env",
)
needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None, reason="root alone becomes another user, with setpriv"
)


@pytest.fixture
def nobodys(tmp_path):
    """A study's folder that belongs to a user without a name, and what this user has of the environment."""
    place = Place(tmp_path / "place", **SHORT)
    short = tempfile.mkdtemp(prefix="ray-", dir="/tmp")
    (place.folder / "home").mkdir()
    for path in (place.folder, place.folder / "home", short):
        os.chown(path, NOBODY, NOBODY)
    yield place, {"RAY_TMPDIR": short}
    shutil.rmtree(short)


@needs_root
def test_a_user_without_a_home_is_told_in_one_line_with_a_cure_that_works(nobodys):
    place, short = nobodys
    without = (*BY_NOBODY, "--unset=HOME", "--unset=SPECTUNE_CACHE", "--unset=USER", "--unset=LOGNAME")
    line = told(place.run(wrapper=without, **short))
    assert line == (
        f"error: Ray needs a home folder, got none: HOME is not set, and the system knows no home of user {NOBODY}; "
        "set HOME to a folder that can be written"
    )
    done = place.run(wrapper=(*without, f"HOME={place.folder}/home"), **short)
    assert done.returncode == 0, done.stderr


@needs_root
def test_a_home_that_cannot_be_written_is_one_line_with_what_to_set(nobodys):
    place, short = nobodys
    cache = f"SPECTUNE_CACHE={place.folder}/home"
    assert "; set SPECTUNE_CACHE to another one" in told(
        place.run(wrapper=(*BY_NOBODY, "--unset=SPECTUNE_CACHE", "HOME=/nowhere"), **short)
    )
    line = told(place.run(wrapper=(*BY_NOBODY, cache, "HOME=/nowhere"), **short))
    assert "Ray must be able to write its token below HOME" in line
    assert "Permission denied: '/nowhere'; set HOME, or RAY_TMPDIR, to a folder that can be written" in line
