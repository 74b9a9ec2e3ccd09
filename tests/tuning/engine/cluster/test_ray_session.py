"""A Ray of one's own is nobody else's."""

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import ray

from tests.root import ROOT
from tuning.engine.cluster.ray_session import ray_session

pytestmark = [pytest.mark.ray, pytest.mark.slow]


def listening() -> set[str]:
    """The addresses on which this process and its descendants listen."""
    me = psutil.Process()
    return {
        connection.laddr.ip.removeprefix("::ffff:")
        for process in (me, *me.children(recursive=True))
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }


def test_a_local_ray_listens_on_loopback_alone():
    before = listening()
    with ray_session(None):
        assert listening() - before == {"127.0.0.1"} - before
        assert "127.0.0.1" in listening()


COLLECTS = """
import gc, threading, ray
from tuning.engine.cluster.ray_session import ray_session

class Node:
    pass

def collect_for_ever():
    while not over.is_set():
        if gc.isenabled():
            gc.collect()

def keep_busy():
    while not over.is_set():
        [[] for _ in range(2000)]

over = threading.Event()
threads = [threading.Thread(target=keep_busy), threading.Thread(target=collect_for_ever)]
with ray_session(None):
    gc.disable()
    for _ in range(20_000):  # garbage that only the collector finds, with references to objects of Ray's
        node = Node()
        node.itself, node.reference = node, ray.put(1)
    gc.set_threshold(200_000)
    gc.enable()
    for thread in threads:
        thread.start()
over.set()
for thread in threads:
    thread.join()
print("left")
"""


def test_ray_is_left_though_another_thread_collects_garbage():
    """Else the end of one study in some dozens is exit code 1 after its last trial, with nothing said."""
    done = subprocess.run(
        [sys.executable, "-c", COLLECTS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "left\n"), done.stderr


def test_rays_servers_and_workers_do_not_hear_a_terminal_close():
    """Where the study leads its group, as one started at a terminal does, the kernel tells all of them."""

    def descendants():
        """What the kernel says of each that lives; one that has ended and is not yet reaped blocks nothing any more."""
        found = {}
        for process in psutil.Process().children(recursive=True):
            with suppress(FileNotFoundError, ProcessLookupError):
                found[process] = Path(f"/proc/{process.pid}/status").read_text()
        return {process: status for process, status in found.items() if "\nState:\tZ" not in status}

    def deaf(status):
        (blocked,) = re.findall(r"^SigBlk:\s*(\w+)$", status, re.MULTILINE)
        return int(blocked, 16) >> (signal.SIGHUP - 1) & 1

    @ray.remote
    def pid():
        return os.getpid()

    before = descendants()  # what other tests of this process left: multiprocessing's own, a server's
    with ray_session(None):
        worker = ray.get(pid.remote())
        started = {process: status for process, status in descendants().items() if process not in before}
        assert worker in {process.pid for process in started}
        assert {process.name() for process in started} >= {"gcs_server", "raylet"}
        assert all(deaf(status) for status in started.values())
        assert signal.SIGHUP not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
