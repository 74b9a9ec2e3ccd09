"""Studies sent to a real cluster: run, followed, stopped, gone on with, and refused where something does not fit."""

import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator

import pytest
import ray

from tests.tuning.engine.jobs.head import Head, environment, head
from tuning.store import StoreReader

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.cluster, pytest.mark.xdist_group("jobs")]

SMALL = {"search": {"algorithm": "sobol", "trials": 2}, "confirm": {"seeds": 1}}
LONG = {**SMALL, "training": {"epochs": 150, "batch_size": 256}}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Head]:
    with head() as there:
        yield there


def id_of(said: str) -> str:
    found = re.search(r"submitted (\S+)", said)
    assert found, said
    return found[1]


def statuses(cluster: Head, study: str) -> Counter[str]:
    return Counter(run.status for run in StoreReader(study, cluster.uri).runs())


def test_a_study_runs_there_and_is_followed_to_its_end(cluster: Head) -> None:
    done = cluster.tuning("submit", cluster.study("sent", **SMALL), *cluster.places, "--wait")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "packed regularizers, models, tuning, analysis and study.yaml" in done.stdout
    assert "confirm: mlp-deep/decay 1/1 completed after 3 epochs" in done.stdout
    assert done.stdout.endswith("is succeeded\n")
    assert statuses(cluster, "sent") == {"FINISHED": 12}
    commits = {run.tags["git_commit"] for run in StoreReader("sent", cluster.uri).runs()}
    assert commits != {"unknown"}  # the code travels without its checkout, and its commit with it


def test_what_was_sent_is_listed_and_its_log_can_be_read_again(cluster: Head) -> None:
    submitted = cluster.tuning("submit", cluster.study("listed", **SMALL), *cluster.places)
    name = id_of(submitted.stdout)
    followed = cluster.tuning("logs", name, "--follow")
    assert followed.returncode == 0, followed.stderr
    assert re.search(rf"{name} +listed +succeeded", cluster.tuning("status").stdout)
    printed = cluster.tuning("logs", name).stdout
    assert printed in followed.stdout
    assert f"Results: python -m analysis report listed --tracking-uri {cluster.uri}" in printed
    assert cluster.tuning("stop", name).stdout == f"{name} had ended before: it is succeeded\n"


def test_a_stopped_study_closes_its_runs_and_goes_on_when_it_is_sent_again(cluster: Head) -> None:
    file = cluster.study("stopped", **LONG)
    name = id_of(cluster.tuning("submit", file, *cluster.places).stdout)
    while "first epoch" not in cluster.tuning("logs", name).stdout:
        time.sleep(0.5)
    second = cluster.tuning("submit", file, *cluster.places)
    assert second.returncode == 2
    assert f"one job at a time, got {name} for 'stopped', which is running" in second.stderr
    stopped = cluster.tuning("stop", name)
    assert stopped.stdout == f"{name} is stopped; submit the study again, and it goes on\n"
    assert "Interrupted." in cluster.tuning("logs", name).stdout
    assert statuses(cluster, "stopped")["RUNNING"] == 0
    assert statuses(cluster, "stopped")["KILLED"] > 0
    before = {run.tags["trial_key"]: run.run_id for run in StoreReader("stopped", cluster.uri).runs()}
    done = cluster.tuning("submit", file, *cluster.places, "--wait")
    assert done.returncode == 0, done.stdout + done.stderr
    after = {run.tags["trial_key"]: run.run_id for run in StoreReader("stopped", cluster.uri).runs()}
    assert before.items() <= after.items()
    assert statuses(cluster, "stopped") == {"FINISHED": 12}


def test_a_study_that_fails_there_ends_the_wait_with_its_exit_code(cluster: Head) -> None:
    study = cluster.study("nowhere", **SMALL)
    done = cluster.tuning("submit", study, "--tracking-uri", cluster.uri, "--wait")
    assert done.returncode == 2
    assert "the results folder of a job must be an absolute path that all nodes share" in done.stdout
    assert "is failed (exit code 2)" in done.stdout
    done = cluster.tuning("submit", study, "--storage", str(cluster.folder / "results"), "--wait")
    assert done.returncode == 2
    assert "the store of a job must be named, got none" in done.stdout


@pytest.mark.parametrize("token", ["", "wrong", "0" * 64], ids=["none", "malformed", "another's"])
def test_without_the_clusters_token_one_line_says_what_to_set(cluster: Head, token: str) -> None:
    done = cluster.tuning("status", token=token)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert "RAY_AUTH_TOKEN_PATH" in done.stderr


ANOTHER = "import ray; ray.__version__ = '2.59.0'; from tuning.__main__ import app; app(prog_name='tuning')"


def test_another_ray_than_the_clusters_is_told_before_anything_runs(cluster: Head) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ANOTHER, "submit", "quickstart", "--address", cluster.address],
        cwd=cluster.folder,
        env=environment(cluster.token),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert f"the same Ray, got 2.59.0 here and {ray.__version__} at {cluster.address}" in done.stderr
    assert "quickstart" not in cluster.tuning("status").stdout
