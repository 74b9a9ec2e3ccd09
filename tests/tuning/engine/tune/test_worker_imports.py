"""A worker imports what trains and no more: each of a cluster's processes pays for every import once again."""

import json
import subprocess
import sys

import pytest

from tests.root import ROOT

RAY = "import ray; from ray import tune"
"""What Ray's own worker has imported before it asks for a function of ours: rich, yaml, pandas and pydantic too."""

DRIVERS = (
    "optuna",
    "mlflow",
    "rich",
    "yaml",
    "matplotlib",
    "pandas",
    "pydantic",
    "scipy",
    "sklearn",
    "typer",
    "jinja2",
)
OURS = {"tuning", "models", "regularizers", "analysis"}
TRAINING = (
    "tuning.engine",
    "tuning.trial",
    "tuning.settings",
    "tuning.records",
    "tuning.content",
    "tuning.own_packages",
)
"""The rooms of `tuning` that a worker may have."""

AT_THE_TOP = ("tuning.surroundings", "tuning.logs", "tuning.secrets", "tuning.nearest", "tuning.whole_files")
"""Modules that stand beside the rooms and import nothing but the standard library; a worker may have these."""


def loaded(statement):
    """Every module that a fresh process has after a statement."""
    told = subprocess.run(
        [sys.executable, "-c", f"{statement}; import json, sys; print(json.dumps(sorted(sys.modules)))"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(told.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def ray():
    return loaded(RAY)


@pytest.fixture(scope="module")
def worker():
    return loaded("import tuning.engine.tune.trainable")


@pytest.mark.parametrize("package", DRIVERS)
def test_what_a_worker_runs_loads_no_package_of_the_drivers_that_ray_does_not_load_itself(ray, worker, package):
    assert package not in worker - ray


def test_of_our_own_it_loads_what_trains(worker):
    ours = {name for name in worker if name.partition(".")[0] in OURS}
    rooms = {".".join(name.split(".")[:2]) for name in ours if name.startswith("tuning.")}
    assert rooms <= {*TRAINING, *AT_THE_TOP}, rooms
    assert not any(name.startswith("analysis") for name in ours)
    floors = {name.split(".")[2] for name in ours if name.count(".") >= 2 and name.startswith("tuning.engine.")}
    assert floors == {"state", "tune"}
