"""A real PostgreSQL, and the scripts of ``deploy/`` as processes."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.root import ROOT


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a script of ``deploy/`` with a home of its own; what still runs is told to end after the test."""
    started = []

    def start(name: str, *arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
        # As on a head, where the environment with `mlflow` is the first in everybody's path.
        kept = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "LANG": os.environ.get("LANG", "C")}
        with (tmp_path / f"{name}.log").open("a") as log:
            process = subprocess.Popen(
                ["bash", ROOT / "deploy" / name, *arguments],
                env={**kept, "HOME": str(tmp_path), **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
    for process in started:
        process.wait(timeout=60)
