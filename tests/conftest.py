"""What every test stands on: one thread, and a cache of its own."""

import os

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    torch.set_num_threads(1)


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
