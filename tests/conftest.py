"""What every test stands on: one thread, a cache of its own, and a GPU where it is marked to need one."""

import os

import pytest
import torch


def pytest_runtest_setup(item):
    if item.get_closest_marker("gpu") and not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")


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
