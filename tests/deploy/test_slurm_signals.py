"""What ``deploy/slurm.sh`` does when SLURM tells it to end: stand-ins for SLURM, Ray and the study, real processes."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.deploy.conftest import ROOT

STAND_INS = {
    "srun": '#!/usr/bin/env bash\nwhile [[ $1 == -* ]]; do shift; done\n"$@"\n',
    "ray": '#!/usr/bin/env bash\nwhile [[ $1 != -- ]]; do shift; done\nshift\n"$@"\n',
    "scontrol": """#!/usr/bin/env bash
case "$1 $2" in
  "show hostnames") echo node1 ;;
  "show job") echo "   JobState=$STATE Reason=None" ;;
  *) echo "$@" >>"$FOLDER/scontrol.log" ;;
esac
""",
    "python": """#!/usr/bin/env bash
trap 'echo "Interrupted."; exit 130' TERM
echo "$@" >"$FOLDER/study"
for _ in {1..600}; do sleep 0.1; [[ -e $FOLDER/done ]] && exit 0; done
""",
}


def job(folder: Path, *, state: str = "RUNNING", restarts: int = 0) -> "subprocess.Popen[str]":
    """Begin the script as SLURM does, and return when the study runs."""
    for name, text in STAND_INS.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    slurm = {
        "SLURM_SUBMIT_DIR": str(folder),
        "SLURM_JOB_ID": str(100_000 + os.getpid()),
        "SLURM_JOB_NODELIST": "node1",
        "SLURM_JOB_NUM_NODES": "1",
        "SLURM_CPUS_PER_TASK": "1",
        "SLURM_RESTART_COUNT": str(restarts),
        "SPECTUNE_REQUEUES": "2",
        "STATE": state,
        "FOLDER": str(folder),
        "PATH": f"{folder}:{os.environ['PATH']}",
    }
    script = ["bash", ROOT / "deploy" / "slurm.sh", "study", "--storage", "/shared"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    process = subprocess.Popen(script, env=slurm, **pipes)
    while not (folder / "study").exists():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)
    return process


def told_to_end(process: "subprocess.Popen[str]") -> str:
    process.send_signal(signal.SIGTERM)
    return process.communicate(timeout=60)[0]


def test_a_study_whose_time_is_over_ends_in_order_and_its_job_is_queued_again(tmp_path):
    process = job(tmp_path)
    said = told_to_end(process)
    assert said.startswith("Interrupted.\n")
    assert "queued again, for the 1. time of at most 2" in said
    assert process.returncode == 130
    assert (tmp_path / "scontrol.log").read_text() == f"requeue {100_000 + os.getpid()}\n"
    assert (tmp_path / "study").read_text().startswith("-m tuning run study --address node1:")


@pytest.mark.parametrize(("state", "restarts"), [("RUNNING", 2), ("COMPLETING", 0)], ids=["too often", "cancelled"])
def test_a_job_is_not_queued_for_ever_nor_where_slurm_has_ended_it(tmp_path, state, restarts):
    process = job(tmp_path, state=state, restarts=restarts)
    said = told_to_end(process)
    assert said.startswith("Interrupted.\n")
    assert ("the same sbatch goes on" in said) == (restarts == 2)
    assert process.returncode == 130
    assert not (tmp_path / "scontrol.log").exists()


def test_a_study_that_has_ended_is_not_queued_again(tmp_path):
    process = job(tmp_path)
    (tmp_path / "done").touch()
    assert process.communicate(timeout=60)[0] == ""
    assert process.returncode == 0
    assert not (tmp_path / "scontrol.log").exists()
    assert not Path(f"/tmp/ray-{100_000 + os.getpid()}.pid").exists()
