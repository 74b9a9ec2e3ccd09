"""Real stores: a SQLite file a test, and MLflow servers on loopback."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import tracking_server
from benchmarks.tracking_server import unused_port
from tuning.store.connection import connect


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow data base without runs; making one costs seconds, copying it does not."""
    path = tmp_path_factory.mktemp("template") / "mlflow.db"
    connect(f"sqlite:///{path}")
    return path


@pytest.fixture
def folder(tmp_path: Path, empty_store: Path) -> Path:
    """A user's working folder, with an empty ``mlflow.db`` in it."""
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    return tmp_path


@pytest.fixture
def uri(folder: Path) -> str:
    return f"sqlite:///{folder}/mlflow.db"


@pytest.fixture
def free_port() -> int:
    return unused_port()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Iterator[tuple[Path, int]]:
    """The folder and the port of a bare ``mlflow server``."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copy(empty_store, folder / "mlflow.db")
    with tracking_server.served(folder) as port:
        yield folder, port
