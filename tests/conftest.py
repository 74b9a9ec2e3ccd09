"""What every test stands on: one thread, a cache of its own, and a GPU where it is marked to need one."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.postgresql import PostgreSQL


def pytest_runtest_setup(item):
    if item.get_closest_marker("gpu") and not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def seed():
    """What a test draws without a seed of its own is the same in every run: no failure comes and goes by chance."""
    torch.manual_seed(0)


@pytest.fixture(scope="session", autouse=True)
def cache_of_its_own(tmp_path_factory):
    """Data sets are decoded into a folder of the session, for child processes too."""
    before = os.environ.get("SPECTUNE_CACHE")
    os.environ["SPECTUNE_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["SPECTUNE_CACHE"]
    else:
        os.environ["SPECTUNE_CACHE"] = before


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
