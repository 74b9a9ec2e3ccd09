"""Studies of which the driver, everything, or one worker is stopped for longer than an epoch may take."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import yaml
from ray.cluster_utils import Cluster

from tests.root import ROOT
from tests.tuning.place import Place
from tests.tuning.studies import tiny
from tuning.store import StoreReader

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.cluster]

MINUTES = 0.4
"""More than a busy machine takes for an epoch with all that must be imported before it."""

LONGER = 60 * MINUTES + 8
LONG = {
    "resources": {"epoch_minutes": MINUTES},
    "architectures": [{"name": "mlp-wide", "family": "mlp", "depth": 4, "width": 256}],
    "training": {"optimizer": "adam", "epochs": 40, "batch_size": 32},
    "search": {"algorithm": "sobol", "trials": 2, "early_stopping": "none"},
    "confirm": {"seeds": 1},
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("whole"), **LONG)
    assert place.run().returncode == 0
    return place


def family(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    """The driver and all that it has started, the driver first."""
    driver = psutil.Process(process.pid)
    return [driver, *driver.children(recursive=True)]


def stop(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.suspend()


def go_on(processes: list[psutil.Process]) -> None:
    for process in reversed(processes):
        with suppress(psutil.NoSuchProcess):
            process.resume()


def until_trials_train(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    while "first epoch" not in process.stdout.readline():
        assert process.poll() is None


def wait_for(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.05)


@pytest.mark.parametrize("everything", [False, True], ids=["the driver", "everything"])
def test_time_in_which_a_study_was_stopped_does_not_count(whole: Place, tmp_path: Path, everything: bool) -> None:
    place = Place(tmp_path, **LONG)
    process = place.begin()
    until_trials_train(process)
    stop_these = family(process) if everything else family(process)[:1]
    stop(stop_these)
    end = time.monotonic() + LONGER
    wait_for(lambda: time.monotonic() > end)
    go_on(stop_these)
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert {run.status for run in place.runs} == {"FINISHED"}
    assert place.numbers() == whole.numbers()


def at_work(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that train."""
    found = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            if any("ImplicitFunc" in part or "run_trial" in part for part in process.cmdline()[:1]):
                found.append(process)
    return found


def check_the_stopped_one_failed_alone(folder: Path, uri: str, name: str) -> None:
    runs = StoreReader(name, uri).runs()
    failed = [run for run in runs if run.status == "FAILED"]
    assert len(failed) == 1
    assert "gave no sign of life for too long and was ended\nby the driver" in failed[0].tags["error"]
    assert {run.status for run in runs if run not in failed} == {"FINISHED"}
    assert len(runs) == 6  # two cells of two trials and a confirmation


def test_a_stopped_worker_is_its_trials_failure_and_the_others_go_on(tmp_path: Path) -> None:
    place = Place(tmp_path, **LONG)
    process = place.begin()
    until_trials_train(process)
    (worker, *_) = at_work(family(process))
    worker.suspend()
    out, errors = process.communicate()
    assert process.returncode == 1, errors
    assert "no sign of life" in out + errors
    check_the_stopped_one_failed_alone(tmp_path, place.uri, "tiny")
    assert not worker.is_running()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    cluster.add_node(num_cpus=2)
    cluster.wait_for_nodes()
    yield cluster
    cluster.shutdown()


def test_a_worker_stopped_on_another_node_is_found_too(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(tiny(**LONG)))
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    process = subprocess.Popen(
        [sys.executable, "-m", "tuning", "run", "study.yaml", "--address", cluster.address, "--tracking-uri", uri],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until_trials_train(process)
    (worker, *_) = at_work(psutil.Process().children(recursive=True))  # the nodes are this process's own
    worker.suspend()
    _, errors = process.communicate()
    assert process.returncode == 1, errors
    check_the_stopped_one_failed_alone(tmp_path, uri, "tiny")
    assert not worker.is_running()
