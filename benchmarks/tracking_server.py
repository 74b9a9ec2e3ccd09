"""A bare MLflow server on loopback, for as long as it is needed."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
_SECONDS = 180.0
"""How long a server may take to start."""


def unused_port() -> int:
    """Return a port of loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(folder: Path) -> Generator[int]:
    """Start a server whose data base is ``mlflow.db`` in a folder, and end it by its own process group.

    Args:
        folder: where it runs, and leaves its log.

    Yields:
        Its port.

    Raises:
        RuntimeError: where it does not start.
    """
    port, said = unused_port(), folder / "server.log"
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    with said.open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=os.environ | _QUIET, stdout=log, stderr=log, start_new_session=True
        )
    try:
        deadline = time.monotonic() + _SECONDS
        while not _healthy(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the tracking server must start, got: {said.read_text()}")
            time.sleep(0.1)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)  # urllib would ask whatever proxy it once saw
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
