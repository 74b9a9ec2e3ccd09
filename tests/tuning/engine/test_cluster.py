"""Studies on a cluster of several real nodes, one of which is lost and another added while they run."""

import io
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.cluster_utils import Cluster
from rich.console import Console

from tests.root import ROOT
from tests.tuning.store.cases import points
from tests.tuning.studies import study, tiny
from tuning import records
from tuning.engine import conductor
from tuning.engine.runner import run
from tuning.records import Phase
from tuning.store import Event, Journal, RunEnded, RunStarted, StoreReader

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.cluster]

EPOCHS, TRIALS, SEEDS = 4, 32, 2


def simulated(config: dict[str, Any]) -> None:
    """A training of a second that needs no GPU, and leaves a note of where it ran and with how much of one."""
    import json
    import time
    from pathlib import Path

    import ray
    from ray import tune

    from tuning.engine.tune.trainable import EPOCH, OBJECTIVE, RECORD
    from tuning.settings import from_flat

    settings = from_flat(config["settings"])
    context = ray.get_runtime_context()
    note = {
        "node": context.get_node_id(),
        "gpus": ray.get_gpu_ids(),
        "reserved": context.get_assigned_resources().get("GPU"),
    }
    notes = Path(config["checkpoint"]).parents[1] / "notes"
    notes.mkdir(exist_ok=True)
    part = notes.with_name(f"{settings.key}-{time.time_ns()}.json")
    part.write_text(json.dumps(note))
    part.rename(notes / part.name)  # its node may be lost while it writes
    for epoch in range(settings.training.epochs + 1):
        time.sleep(0.25)
        accuracy = 0.5 + (settings.seed % 1000) / 10_000 + epoch / 100
        metrics = {records.VAL_ACCURACY: accuracy, records.VAL_LOSS: 1.0}
        if settings.phase is not Phase.TUNE:
            metrics[records.TEST_ACCURACY] = accuracy
        record = records.EpochRecord(epoch=epoch, metrics=metrics)
        tune.report({OBJECTIVE: accuracy, EPOCH: epoch, RECORD: record})


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    yield cluster
    cluster.shutdown()


def ended(folder: Path) -> list[Event]:
    return [event for event, _ in Journal(folder).read() if isinstance(event, RunEnded)]


def wait_for(condition: Any, process: "subprocess.Popen[str] | None" = None) -> None:
    deadline = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < deadline, "what was waited for has not come"
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.05)


def test_a_lost_node_costs_nothing_and_an_added_one_is_used(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes = [cluster.add_node(num_cpus=2, num_gpus=1) for _ in range(4)]
    cluster.wait_for_nodes()
    the_study = study(
        name="spread",
        training={"epochs": EPOCHS, "batch_size": 256},
        search={"algorithm": "sobol", "trials": TRIALS, "early_stopping": "none"},
        confirm={"seeds": SEEDS},
        resources={"gpu": 0.5},
    )
    monkeypatch.setattr(conductor, "run_trial", simulated)
    uri = f"sqlite:///{tmp_path}/mlflow.db"

    with ThreadPoolExecutor(1) as pool:  # nodes are added by the main thread alone
        running = pool.submit(
            run,
            the_study,
            tracking_uri=uri,
            storage=tmp_path,
            address=cluster.address,
            fresh=False,
            console=Console(file=io.StringIO()),
        )
        wait_for(lambda: running.done() or len(ended(tmp_path / "spread")) >= 9)
        cluster.remove_node(nodes[1], allow_graceful=False)
        nodes.append(cluster.add_node(num_cpus=2, num_gpus=1))
        outcome = running.result()
    assert outcome.problems == ()
    runs = StoreReader("spread", uri).runs()
    assert Counter((run.tags["phase"], run.tags["architecture"], run.tags["condition"]) for run in runs) == {
        (phase, architecture, condition): count
        for phase, count in (("tune", TRIALS), ("confirm", SEEDS))
        for architecture in ("mlp-tiny", "mlp-deep")
        for condition in ("baseline", "decay")
    }
    assert {run.status for run in runs} == {"FINISHED"}
    stored = points(StoreReader("spread", uri), [run.run_id for run in runs], [records.VAL_ACCURACY])
    assert Counter(run_id for run_id, *_ in stored) == dict.fromkeys([run.run_id for run in runs], EPOCHS + 1)
    notes = [yaml.safe_load(file.read_text()) for file in (tmp_path / "spread" / "notes").iterdir()]
    assert {note["node"] for note in notes} == {node.node_id for node in nodes}  # the lost one and the added one too
    assert {note["reserved"] for note in notes} == {0.5}
    begun = Counter(event.key for event, _ in Journal(tmp_path / "spread").read() if isinstance(event, RunStarted))
    assert max(begun.values()) > 1, "a trial must have begun again elsewhere, else this shows nothing"


def test_a_study_waits_for_no_other_and_gives_way_to_it(cluster: Cluster, tmp_path: Path) -> None:
    """The second begins while the first has work for both slots, and is not kept waiting until the first has ended."""
    cluster.add_node(num_cpus=2)
    cluster.wait_for_nodes()
    small = {"search": {"algorithm": "sobol", "trials": 2, "early_stopping": "none"}, "confirm": {"seeds": 1}}
    large = {**small, "search": {**small["search"], "trials": 30}}
    first = begun(tmp_path, "first", cluster, large)
    wait_for(lambda: len(ended(tmp_path / "results" / "first")) >= 2, first)
    second = begun(tmp_path, "second", cluster, small)
    for process in (second, first):
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    ends = {
        name: [event.time_ms for event in ended(tmp_path / "results" / name) if isinstance(event, RunEnded)]
        for name in ("first", "second")
    }
    started = [
        event.time_ms
        for event, _ in Journal(tmp_path / "results" / "first").read()
        if isinstance(event, RunStarted) and event.time_ms > ends["second"][0]
    ]
    assert started, "the first must have had trials left when the second's first one ended"
    assert max(ends["second"]) < max(ends["first"])
    runs = [run for name in ends for run in StoreReader(name, f"sqlite:///{tmp_path}/{name}.db").runs()]
    assert {run.status for run in runs} == {"FINISHED"}


def begun(folder: Path, name: str, cluster: Cluster, changes: dict[str, Any]) -> "subprocess.Popen[str]":
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump({**tiny(), "name": name, **changes}))
    command = [sys.executable, "-m", "tuning", "run", str(file), "--address", cluster.address]
    command += ["--storage", str(folder / "results"), "--tracking-uri", f"sqlite:///{folder}/{name}.db"]
    return subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
