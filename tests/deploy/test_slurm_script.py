"""``deploy/slurm.sh`` on two machines; of SLURM itself only that `srun` runs a line once on every node."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.deploy.machine import Machine, make_key, what_is_missing
from tests.tuning.studies import tiny
from tuning.store import StoreReader

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
SCONTROL = "#!/usr/bin/env bash\nprintf '%s\\n' {nodes}\n"


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


def command(path: Path, text: str, **words: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text.format(nodes=" ".join(NODES), **words))
    path.chmod(0o755)


def test_a_job_of_two_nodes_runs_the_study_on_both_and_ends_its_ray(nodes: tuple[Path, Machine]) -> None:
    folder, first = nodes
    command(folder / "slurm" / "srun", SRUN, key=folder / "key")
    command(folder / "slurm" / "scontrol", SCONTROL)
    (folder / "study.yaml").write_text(yaml.safe_dump(tiny()))
    slurm = {
        "SLURM_SUBMIT_DIR": str(Path.cwd()),
        "SLURM_JOB_ID": "4711",
        "SLURM_JOB_NODELIST": "n[1-2]",
        "SLURM_JOB_NUM_NODES": "2",
        "SLURM_CPUS_PER_TASK": "1",
        "OMP_NUM_THREADS": "1",
    }
    where = ["--storage", "/mnt/spectune/results", "--tracking-uri", f"sqlite:///{folder}/mlflow.db"]
    path = f"{folder / 'slurm'}:{first.path}"
    said = first.run("bash", "deploy/slurm.sh", folder / "study.yaml", *where, PATH=path, **slurm).stdout

    assert "On worker node. Connecting to Ray cluster at 10.77.0.1:24711" in said
    runs = StoreReader("tiny", f"sqlite:///{folder}/mlflow.db").runs()
    assert len(runs) == 28
    assert {run.status for run in runs} == {"FINISHED"}
    assert not [line for line in first.processes().values() if "raylet" in line]
