"""What each further trial of a long study costs its driver, and what its end costs, at which the store is asked."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import torch
import yaml

from benchmarks.checkouts import NAMES, checkouts, see_that_it_ended_well
from benchmarks.machine import machine
from tuning.store import Journal, RunEnded, RunStarted

STUDY: dict[str, Any] = {
    "name": "growth",
    "dataset": {"name": "digits"},
    "architectures": [{"name": "mlp-tiny", "family": "mlp", "depth": 2, "width": 16}],
    "conditions": {
        "baseline": {"regularizer": "none"},
        "decay": {"regularizer": "weight_decay", "strength": {"log_uniform": [1.0e-4, 1.0e-1]}},
    },
    "shared": {"learning_rate": {"log_uniform": [1.0e-4, 1.0e-2]}},
    "training": {"epochs": 1, "batch_size": 256},
    "search": {"algorithm": "sobol", "concurrency": 2, "early_stopping": "none"},
    "confirm": {"seeds": 1},
}
_SECONDS = 0.25

Result = dict[str, Any]


def run(*, trials: int, beside: Path | None) -> Result:
    """Run a study of many trials of one epoch, with this code and with another checkout of it.

    Args:
        trials: of the study.
        beside: the other checkout; None for this one alone.

    Returns:
        Machine, and what each took.
    """
    taken = {}
    with tempfile.TemporaryDirectory() as name:
        for which, tree in checkouts(beside).items():
            print(f"{trials} trials with {which} code …", file=sys.stderr)
            taken[which] = driven(tree, Path(name) / which, trials)
    return {"machine": machine(torch.device("cpu")), "trials": trials, "code": taken}


def driven(tree: Path, folder: Path, trials: int) -> dict[str, float]:
    """Run the study with the code of a tree, and watch its driver.

    Args:
        tree: a checkout.
        folder: of the study's own.
        trials: of the study.

    Returns:
        Seconds and megabytes by what they are of.

    Raises:
        RuntimeError: where the study did not end well.
    """
    folder.mkdir()
    study_data = {**STUDY, "search": {**STUDY["search"], "trials": trials // 2}}
    (folder / "study.yaml").write_text(yaml.safe_dump(study_data))
    command = [sys.executable, "-m", "tuning", "run", "study.yaml", "--tracking-uri", f"sqlite:///{folder}/mlflow.db"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=os.environ | {"PYTHONPATH": str(tree)}, stdout=log, stderr=log
        )
        samples = list(_watched(process))
    ended = time.time()
    see_that_it_ended_well(process.returncode, folder / "log")
    report = _seconds_of_report(command[-1], tree, folder)
    events = [event for event, _ in Journal(folder / "results" / "growth").read()]
    began = min(event.time_ms for event in events if isinstance(event, RunStarted)) / 1000
    last = max(event.time_ms for event in events if isinstance(event, RunEnded)) / 1000
    runs = sum(isinstance(event, RunEnded) for event in events)
    first, *_, final = [sample for sample in samples if sample[0] >= began]
    return {
        "runs": runs,
        "seconds a trial": (last - began) / runs,
        "processor seconds a trial": (final[2] - first[2]) / runs,
        "memory at the first trial, MB": first[1],
        "memory at most, MB": max(sample[1] for sample in samples),
        "kB a trial": 1000 * (max(sample[1] for sample in samples) - first[1]) / runs,
        "seconds from the last trial to the end": ended - last,
        "seconds a trial, to the end": (ended - began) / runs,
        "seconds of its report": report,
    }


def _seconds_of_report(uri: str, tree: Path, folder: Path) -> float:
    command = [sys.executable, "-m", "analysis", "report", STUDY["name"], "--tracking-uri", uri]
    began = time.time()
    with (folder / "log").open("w") as log:
        done = subprocess.run(command, cwd=folder, env=os.environ | {"PYTHONPATH": str(tree)}, stdout=log, stderr=log)
    see_that_it_ended_well(done.returncode, folder / "log")
    return time.time() - began


def _watched(process: "subprocess.Popen[bytes]") -> Iterator[tuple[float, float, float]]:
    """Yield moment, megabytes and processor seconds of a process until it ends."""
    driver = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            used = driver.cpu_times()
            yield time.time(), driver.memory_info().rss / 1e6, used.user + used.system
        except psutil.Error:  # it has just ended
            return
        time.sleep(_SECONDS)


def markdown(result: Result) -> str:
    """Return the table of a result.

    Args:
        result: as `run` has it.
    """
    code = result["code"]
    rows = [row for row in next(iter(code.values())) if row != "runs"]
    lines = [
        f"| {result['trials']:,} trials of one epoch | {' | '.join(NAMES[which] for which in code)} |",
        "| --- |" + " ---: |" * len(code),
    ]
    lines += [f"| {row} | " + " | ".join(f"{code[which][row]:,.3g}" for which in code) + " |" for row in rows]
    return "\n".join(lines) + "\n"
