"""A real Ray head with its dashboard and a token, and the command line of a laptop that talks to it."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import requests
import yaml

from benchmarks.tracking_server import unused_port
from tests.root import ROOT
from tests.tuning.studies import tiny

RAY = str(Path(sys.executable).with_name("ray"))


class Head:
    """A head of one node with two cores.

    Attributes:
        address: of its dashboard.
        folder: what laptop and head share in these tests: results, store, study files.
        token: what it asks for.
    """

    def __init__(self, folder: Path, port: int, token: str) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.folder = folder
        self.token = token
        self.uri = f"sqlite:///{folder}/mlflow.db"

    @property
    def places(self) -> list[str]:
        return ["--storage", str(self.folder / "results"), "--tracking-uri", self.uri]

    def study(self, name: str, **changes: object) -> str:
        """Write a study file, and return its path."""
        file = self.folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump({**tiny(), "name": name, **changes}))
        return str(file)

    def tuning(self, *words: str, token: str | None = None) -> "subprocess.CompletedProcess[str]":
        """Run ``python -m tuning`` as on a laptop that has the token."""
        return subprocess.run(
            [sys.executable, "-m", "tuning", *words, "--address", self.address],
            cwd=self.folder,
            env=environment(self.token if token is None else token),
            capture_output=True,
            text=True,
            check=False,
        )


def environment(token: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "MLFLOW_"))}
    token_settings = (
        {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token} if token else {"HOME": "/nowhere"}
    )  # no token there
    return {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "120", "RAY_USAGE_STATS_ENABLED": "0", **token_settings}


@contextmanager
def head() -> Generator[Head]:
    """Start a head, and end it by its own process group; its folder's path is short, as sockets need it."""
    with tempfile.TemporaryDirectory(prefix="sp", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder, token, port = Path(name), secrets.token_hex(32), unused_port()
        command = [RAY, "start", "--head", "--block", "--num-cpus=2", "--node-ip-address=127.0.0.1"]
        command += ["--dashboard-host=127.0.0.1", f"--dashboard-port={port}", f"--port={unused_port()}"]
        command += [f"--ray-client-server-port={unused_port()}", f"--dashboard-agent-listen-port={unused_port()}"]
        command += [f"--metrics-export-port={unused_port()}", f"--temp-dir={folder}/ray"]
        # The jobs find the interpreter of this environment first, as on a head that was set up for it.
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        with (folder / "head.log").open("wb") as log:
            process = subprocess.Popen(
                command, env=environment(token) | {"PATH": path}, stdout=log, stderr=log, start_new_session=True
            )
        try:
            there = Head(folder, port, token)
            _wait(there, process)
            yield there
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=60)
            finally:
                _end_all(folder / "ray")


def _wait(there: Head, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        assert process.poll() is None, (there.folder / "head.log").read_text()
        try:
            answer = requests.get(
                f"{there.address}/api/jobs/", headers={"Authorization": f"Bearer {there.token}"}, timeout=10
            )
            if answer.status_code == 200:
                return
        except requests.RequestException:
            pass
        time.sleep(0.2)
    raise AssertionError((there.folder / "head.log").read_text())


def _end_all(session: Path) -> None:
    """End what is left of this head: processes that name its own folder."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                if str(session).encode() in (entry / "cmdline").read_bytes():
                    os.kill(int(entry.name), signal.SIGKILL)
            except (FileNotFoundError, ProcessLookupError):
                continue
