"""What a tracking server behind a failing network costs a study: time, and points."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
import yaml

from benchmarks.checkouts import see_that_it_ended_well
from benchmarks.faulty_proxy import FaultyProxy
from benchmarks.machine import machine
from benchmarks.tracking_server import served
from tuning.records import TIMES
from tuning.store import Journal, RunEnded, RunStarted, StoreReader

SECONDS = 60.0
"""How long the network fails."""

STUDY: dict[str, Any] = {
    "name": "faulty",
    "dataset": {"name": "digits"},
    "architectures": ["mlp-small"],
    "conditions": {
        "baseline": {"regularizer": "none"},
        "decay": {"regularizer": "weight_decay", "strength": {"log_uniform": [1.0e-4, 1.0e-1]}},
    },
    "shared": {"learning_rate": {"log_uniform": [1.0e-4, 1.0e-2]}},
    "training": {"epochs": 40},  # so that it outlasts the faults on a fast machine too
    "search": {"algorithm": "sobol", "trials": 40, "concurrency": 2},
    "confirm": {"seeds": 5},
}

Result = dict[str, Any]


def run(*, rounds: int) -> Result:
    """Run a study through a sound network and through a failing one, by turns.

    Args:
        rounds: of both.

    Returns:
        Machine, and by network seconds from the first trial's start to the last one's end, seconds of the whole
        command, points stored, points stored twice, runs, and what the requests met.
    """
    taken: dict[str, list[dict[str, Any]]] = {"sound": [], "failing": []}
    with tempfile.TemporaryDirectory() as name, served(Path(name)) as port:
        for number in range(rounds):
            for network, seconds in (("sound", 0.0), ("failing", SECONDS)):
                print(f"round {number + 1} of {rounds}: {network} network …", file=sys.stderr)
                taken[network].append(through(port, seconds, Path(name) / f"{network}-{number}"))
    return {"machine": machine(torch.device("cpu")), "seconds of faults": SECONDS, "networks": taken}


def through(port: int, seconds: float, folder: Path) -> dict[str, Any]:
    """Run the study through a network that fails for some seconds.

    Args:
        port: of the tracking server.
        seconds: of faults.
        folder: of the study's own.

    Returns:
        What it took, and what was stored.

    Raises:
        RuntimeError: where the study did not end well.
    """
    folder.mkdir()
    study_data = {**STUDY, "name": folder.name}
    (folder / "study.yaml").write_text(yaml.safe_dump(study_data))
    proxy = FaultyProxy(port)
    command = [sys.executable, "-m", "tuning", "run", "study.yaml", "--tracking-uri", proxy.url]
    began = time.monotonic()
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    journal = Journal(folder / "results" / folder.name)
    while process.poll() is None and not any(isinstance(event, RunStarted) for event, _ in journal.read()):
        time.sleep(0.1)
    proxy.fail_for(seconds)
    code = process.wait()
    whole = time.monotonic() - began
    proxy.close()
    see_that_it_ended_well(code, folder / "log")
    events = [event for event, _ in journal.read()]
    times = [event.time_ms for event in events if isinstance(event, RunStarted | RunEnded)]
    return {
        "trials": (max(times) - min(times)) / 1000,
        "command": whole,
        "met": dict(proxy.met),
        **stored(folder.name, f"http://127.0.0.1:{port}"),
    }


def stored(study: str, uri: str) -> dict[str, int]:
    """Count what a store has of a study.

    Args:
        study: its name.
        uri: the store.

    Returns:
        Runs, those still open, points but for times, and points of which there are two.
    """
    from mlflow import MlflowClient

    client, runs = MlflowClient(uri), StoreReader(study, uri).runs()
    points = [
        (run.run_id, name, point.step)
        for run in runs
        for name in run.metrics
        if name not in TIMES
        for point in client.get_metric_history(run.run_id, name)
    ]
    return {
        "runs": len(runs),
        "open": sum(run.status == "RUNNING" for run in runs),
        "points": len(points),
        "twice": len(points) - len(set(points)),
    }


def markdown(result: Result) -> str:
    """Return the table of a result.

    Args:
        result: as `run` has it.
    """
    networks = result["networks"]
    lines = [
        "| network | trials, s | whole command, s | runs | left open | points | twice | requests that met a fault |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, rounds in networks.items():
        medians = {key: statistics.median(taken[key] for taken in rounds) for key in ("trials", "command")}
        counts = {
            key: "/".join(sorted({f"{taken[key]:,}" for taken in rounds}))
            for key in ("runs", "open", "points", "twice")
        }
        faults = [sum(count for fault, count in taken["met"].items() if fault != "pass") for taken in rounds]
        lines.append(
            f"| {name} | {medians['trials']:.1f} | {medians['command']:.1f} | {counts['runs']} | {counts['open']} | "
            f"{counts['points']} | {counts['twice']} | {'/'.join(map(str, faults))} |"
        )
    ratios = [
        failing["trials"] / sound["trials"]
        for sound, failing in zip(networks["sound"], networks["failing"], strict=True)
    ]
    lines += [
        "",
        f"Trials through the failing network took {statistics.median(ratios):.2f} times as long "
        f"({min(ratios):.2f} to {max(ratios):.2f} over {len(ratios)} rounds).",
    ]
    return "\n".join(lines)
