"""``ray up`` of ``deploy/on-premises.yaml`` for real: two machines, ssh, a study as a job, MLflow with PostgreSQL."""

import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.cluster import HEAD, Cluster
from tests.deploy.machine import what_is_missing
from tests.postgresql import PostgreSQL
from tuning.store import StoreReader
from tuning.study import load

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.slow,
    pytest.mark.xdist_group("deploy"),
    pytest.mark.skipif(what_is_missing() is not None, reason=str(what_is_missing())),
]

DASHBOARD, MLFLOW = "http://127.0.0.1:8265", "http://127.0.0.1:5000"
RAYLET, STORE = "raylet/raylet", "gcs_server"


@pytest.fixture(scope="module")
def cluster(postgresql: PostgreSQL) -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="up-", dir="/tmp") as folder:
        cluster = Cluster(Path(folder), postgresql)
        try:
            cluster.up()
            yield cluster
        finally:
            cluster.end()


def submit(cluster: Cluster, study: str) -> str:
    """Send a study to the cluster as its user does, and wait for its end."""
    return cluster.call("python", "-m", "tuning", "submit", study, "--address", DASHBOARD, "--wait")


def test_dashboard_and_mlflow_listen_on_loopback_alone(cluster: Cluster) -> None:
    sockets = cluster.head.run("ss", "--listening", "--tcp", "--numeric", "--no-header").stdout
    bound = {
        port: {address for address, found in re.findall(r"(\S+):(\d+)\s", sockets) if found == port}
        for port in ("8265", "5000")
    }
    assert bound == {"8265": {"127.0.0.1"}, "5000": {"127.0.0.1"}}


def test_without_the_token_nobody_sends_jobs(cluster: Cluster) -> None:
    assert cluster.status(f"{DASHBOARD}/api/jobs/") == 401
    refused = cluster.head.run("ray", "status", "--address", f"{HEAD}:6379", check=False, RAY_AUTH_MODE="disabled")
    assert refused.returncode != 0
    assert "2 local.cluster.node" in cluster.call("ray", "status")


def test_ray_hands_out_every_core_of_a_node_not_one(cluster: Cluster) -> None:
    for machine in (cluster.head, cluster.worker):
        (raylet,) = [pid for pid, line in machine.processes().items() if RAYLET in line]
        assert "OMP_NUM_THREADS" not in Path(f"/proc/{raylet}/environ").read_text()


def test_a_submitted_study_is_in_mlflow_whole_and_ray_down_ends_the_cluster(cluster: Cluster) -> None:
    study = load("quickstart")
    submit(cluster, "quickstart")

    runs = StoreReader("quickstart", cluster.base).runs()
    cells = len(study.cells)
    planned = {"tune": cells * study.search.trials, "confirm": cells * study.confirm.seeds}
    assert Counter(run.tags["phase"] for run in runs if run.tags["phase"] in planned) == planned
    assert {run.status for run in runs} == {"FINISHED"}
    assert len(list((cluster.shared / "artifacts").rglob("spectra.parquet"))) == sum(planned.values())
    assert (cluster.shared / "results" / "quickstart" / "journal.jsonl").exists()

    cluster.call("ray", "down", "--yes", cluster.file)
    assert not [line for line in cluster.head.processes().values() if RAYLET in line or STORE in line]
    cluster.until(lambda: not [line for line in cluster.worker.processes().values() if RAYLET in line])
    assert cluster.status(f"{MLFLOW}/health") == 200  # which is none of Ray's, and ends when its script is told to
    cluster.head.run("bash", "-c", "kill $(cat ~/mlflow/script.pid)")
    cluster.until(lambda: cluster.status(f"{MLFLOW}/health") == 0)
