"""The measures named after WeightWatcher's are those of the package itself, where it is installed."""

import json
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

import pytest

from regularizers.measure import WEIGHT_WATCHER_VERSION
from tests.regularizers.measure.agreement import disagreements
from tests.regularizers.measure.matrices import MATRICES
from tests.root import ROOT


def installed() -> str | None:
    try:
        return version("weightwatcher")
    except PackageNotFoundError:
        return None


@pytest.fixture(scope="module")
def package() -> dict[str, dict[str, float]]:
    """Its measures, found in a process of its own."""
    call = [sys.executable, "-m", "tests.regularizers.measure.weightwatcher"]
    environment = os.environ | {"MPLBACKEND": "agg"}
    run = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return json.loads(run.stdout)["measures"]


@pytest.mark.slow
@pytest.mark.skipif(
    installed() != WEIGHT_WATCHER_VERSION,
    reason=f"needs weightwatcher {WEIGHT_WATCHER_VERSION}, got {installed()}: make .venv/weightwatcher",
)
@pytest.mark.parametrize("name", MATRICES)
def test_every_measure_equals_that_of_the_package(package: dict[str, dict[str, float]], name: str) -> None:
    assert disagreements(name, package[name]) == {}
