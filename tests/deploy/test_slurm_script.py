"""``deploy/slurm.sh`` on two machines; of SLURM itself only that `srun` runs a line once on every node."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from tests.deploy.machine import Machine, make_key, what_is_missing
from tests.tuning.studies import SHORT, tiny
from tuning.store import Journal, RunEnded, StoreReader

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.slow,
    pytest.mark.skipif(what_is_missing() is not None, reason=str(what_is_missing())),
]

NODES = ("10.77.0.1", "10.77.0.2")
SRUN = """#!/usr/bin/env bash
while [[ $1 == -* ]]; do shift; done
for node in {nodes}; do
  ssh -i {key} -o StrictHostKeyChecking=no -o LogLevel=ERROR "$node" "$(declare -px); cd $PWD; $(printf '%q ' "$@")" &
  started+=($!)
done
for process in "${{started[@]}}"; do wait "$process" || code=$?; done
exit "${{code:-0}}"
"""
SCONTROL = """#!/usr/bin/env bash
case "$1 $2" in
  "show hostnames") printf '%s\\n' {nodes} ;;
  "show job") echo "   JobState={state} Reason=None" ;;
  *) echo "$@" >>{log} ;;
esac
"""


@pytest.fixture
def nodes() -> Iterator[tuple[Path, Machine]]:
    """The folder that both machines share, and the first of them."""
    with tempfile.TemporaryDirectory(prefix="slurm-", dir="/tmp") as name:
        folder = Path(name)
        (folder / "shared").mkdir()
        make_key(folder / "key")
        first, second = (Machine(folder / node, folder / "key", folder / "shared", folder) for node in ("n1", "n2"))
        try:
            first.connect(second, NODES)
            yield folder, first
        finally:
            first.end()
            second.end()


def command(path: Path, text: str, nodes: tuple[str, ...] = NODES, **words: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text.format(nodes=" ".join(nodes), **words))
    path.chmod(0o755)


def surroundings(names: str, count: int) -> dict[str, str]:
    """What SLURM tells a job of its nodes."""
    return {
        "SLURM_SUBMIT_DIR": str(Path.cwd()),
        "SLURM_JOB_ID": "4711",
        "SLURM_JOB_NODELIST": names,
        "SLURM_JOB_NUM_NODES": str(count),
        "SLURM_CPUS_PER_TASK": "1",
    }


def test_a_job_of_two_nodes_runs_the_study_on_both_and_ends_its_ray(nodes: tuple[Path, Machine]) -> None:
    folder, first = nodes
    command(folder / "slurm" / "srun", SRUN, key=folder / "key")
    command(folder / "slurm" / "scontrol", SCONTROL, state="RUNNING", log=folder / "scontrol.log")
    (folder / "study.yaml").write_text(yaml.safe_dump(tiny()))
    slurm = {**surroundings("n[1-2]", 2), "OMP_NUM_THREADS": "1"}
    where = ["--storage", "/mnt/spectune/results", "--tracking-uri", f"sqlite:///{folder}/mlflow.db"]
    path = f"{folder / 'slurm'}:{first.path}"
    said = first.run("bash", "deploy/slurm.sh", folder / "study.yaml", *where, PATH=path, **slurm).stdout

    assert "On worker node. Connecting to Ray cluster at 10.77.0.1:24711" in said
    runs = StoreReader("tiny", f"sqlite:///{folder}/mlflow.db").runs()
    assert len(runs) == 28
    assert {run.status for run in runs} == {"FINISHED"}
    assert not [line for line in first.processes().values() if "raylet" in line]
    assert not (folder / "scontrol.log").exists()


class Job:
    """A job of one node, with a study that takes a while; SLURM's own words are written down."""

    def __init__(self, folder: Path, state: str):
        self.folder, self.log = folder, folder / "scontrol.log"
        self.uri = f"sqlite:///{folder}/mlflow.db"
        (folder / "shared").mkdir()
        make_key(folder / "key")
        self.node = Machine(folder / "n1", folder / "key", folder / "shared", folder)
        command(folder / "slurm" / "srun", SRUN, nodes=NODES[:1], key=folder / "key")
        command(folder / "slurm" / "scontrol", SCONTROL, nodes=NODES[:1], state=state, log=self.log)
        search = {"trials": 8, "concurrency": 1, "early_stopping": "none"}
        (folder / "study.yaml").write_text(yaml.safe_dump(tiny(**SHORT | {"search": search})))

    def run(self, restarts: int) -> "subprocess.CompletedProcess[str]":
        """Run the script as SLURM does for the so many-th time."""
        slurm = {**surroundings("n1", 1), "SLURM_RESTART_COUNT": str(restarts), "SPECTUNE_REQUEUES": "2"}
        where = ["--storage", "/mnt/spectune/results", "--tracking-uri", self.uri]
        path = f"{self.folder / 'slurm'}:{self.node.path}"
        script = ("bash", "deploy/slurm.sh", self.folder / "study.yaml", *where)
        return self.node.run(*script, check=False, PATH=path, **slurm)

    def run_until_told(self, restarts: int) -> "subprocess.CompletedProcess[str]":
        """Run the script, and send it alone what SLURM sends before the time is over, when a trial has ended."""
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(self.run, restarts)
            while not self._has_ended_one():
                assert not running.done(), running.result().stdout[:4000]
                time.sleep(0.2)
            (script,) = [pid for pid, line in self.node.processes().items() if line.startswith("bash deploy/slurm.sh")]
            os.kill(script, signal.SIGTERM)
            return running.result()

    def _has_ended_one(self) -> bool:
        journal = Journal(self.folder / "shared" / "results" / "tiny")
        return journal.path.exists() and any(isinstance(event, RunEnded) for event, _ in journal.read())


@pytest.fixture
def job(request: pytest.FixtureRequest) -> Iterator[Job]:
    with tempfile.TemporaryDirectory(prefix="slurm-", dir="/tmp") as name:
        made = Job(Path(name), getattr(request, "param", "RUNNING"))
        try:
            made.node.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
            for name in ("eth0", "eth1"):
                made.node.run("ip", "link", "set", name, "up")
            made.node.run("ip", "address", "add", f"{NODES[0]}/24", "dev", "eth0")
            made.node.run("ip", "route", "add", "default", "via", NODES[1])  # by which Ray finds its own address
            yield made
        finally:
            made.node.end()


def test_a_job_whose_time_is_over_ends_its_study_in_order_and_is_queued_again(job: Job) -> None:
    told = job.run_until_told(restarts=0)
    assert "Interrupted. The same command goes on where this one stopped." in told.stdout
    assert "queued again, for the 1. time of at most 2, and goes on" in told.stdout
    assert told.returncode == 130
    assert job.log.read_text() == "requeue 4711\n"
    assert {run.status for run in StoreReader("tiny", job.uri).runs()} <= {"FINISHED", "KILLED"}

    again = job.run(restarts=1)
    assert again.returncode == 0, again.stdout[-4000:]
    assert "tiny goes on where it stopped" in again.stdout
    assert {run.status for run in StoreReader("tiny", job.uri).runs()} == {"FINISHED"}
    assert job.log.read_text() == "requeue 4711\n"


@pytest.mark.parametrize(("job", "restarts"), [("RUNNING", 2), ("COMPLETING", 0)], indirect=["job"])
def test_a_job_is_not_queued_for_ever_nor_when_slurm_has_ended_it(job: Job, restarts: int) -> None:
    told = job.run_until_told(restarts)
    assert "Interrupted." in told.stdout
    assert told.returncode == 130
    assert not job.log.exists()
    assert ("the same sbatch goes on" in told.stdout) == (restarts == 2)
