"""How long a study takes to open, and in how much memory: its tables, its report, and MLflow's own way beside them."""

import importlib
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

Result = dict[str, Any]

STUDY = "many"
CONDITIONS = 10
CONFIRMED = 10
"""Runs of each condition that are confirmations, and store spectra."""
EPOCHS = 60
WIDTHS = (2000, 2000, 2000, 2000, 10)
"""Values of a flat spectrum of each weight of mlp-medium."""


def run(trials: int, repetitions: int, folder: Path | None) -> Result:
    """Write a study of so many finished trials, and open it several times, each time in a fresh process.

    Args:
        trials: of all conditions together, a multiple of their number.
        repetitions: of every way to open it.
        folder: where the store lies; a temporary one if None. One that holds the study already is opened as it is.

    Returns:
        Machine, conditions and measurements, for JSON.
    """
    import torch

    from benchmarks.machine import machine
    from tuning.records import METRICS

    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary) if folder is None else folder
        uri = f"sqlite:///{place / 'mlflow.db'}"
        if not (place / "mlflow.db").is_file():
            write(trials, place, uri)
        taken: dict[str, list[dict[str, float]]] = {name: [] for name in WAYS}
        for _ in range(repetitions):
            for name in WAYS:
                print(f"{name} …", file=sys.stderr)
                taken[name].append(_measured(name, uri))
    return {
        "machine": machine(torch.device("cpu")),
        "trials": trials,
        "confirmed": CONDITIONS * CONFIRMED,
        "epochs": EPOCHS,
        "metrics": len(METRICS),
        "values": sum(WIDTHS),
        "taken": taken,
    }


def markdown(result: Result) -> str:
    """Return the table of a result.

    Args:
        result: of `run`, or read from JSON.
    """
    lines = [
        f"Machine: {result['machine']}; SQLite. {result['trials']} finished trials, {result['epochs']} epochs of "
        f"{result['metrics']} metrics; {result['confirmed']} of them are confirmations with {result['values']:,} "
        "singular values an epoch.",
        "",
        "| opened with | seconds | lowest – highest | × `load` | peak memory, MB |",
        "|---|--:|--:|--:|--:|",
    ]
    middle = {name: median(one["seconds"] for one in runs) for name, runs in result["taken"].items()}
    for name, runs in result["taken"].items():
        seconds = sorted(one["seconds"] for one in runs)
        peak = max(one["megabytes"] for one in runs)
        ratio = middle[name] / middle["load"]
        lines.append(
            f"| {name} | {middle[name]:.3g} | {seconds[0]:.3g} – {seconds[-1]:.3g} | {ratio:.2g} | {peak:.0f} |"
        )
    return "\n".join(lines)


def load(uri: str) -> None:
    """Read runs and metrics as tables."""
    from analysis import table

    table.load(STUDY, uri)


def load_and_report(uri: str) -> None:
    """Read the tables, and draw the whole page from them."""
    from analysis import table
    from analysis.compare import comparison
    from analysis.report import report

    tables = table.load(STUDY, uri)
    report(tables, comparison(tables))


def mlflow_client(uri: str) -> None:
    """Read the same points with MLflow's client, which answers for one metric of one run at a time."""
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name(STUDY)
    assert experiment is not None
    for found in client.search_runs([experiment.experiment_id], max_results=50_000):
        for metric in found.data.metrics:
            client.get_metric_history(found.info.run_id, metric)


WAYS: dict[str, Callable[[str], None]] = {
    "load": load,
    "load and report": load_and_report,
    "MLflow's client": mlflow_client,
}


def opened(name: str, uri: str) -> None:
    """Open the store in one of the ways, and print seconds and megabytes; imports are no part of the seconds.

    Args:
        name: of the way.
        uri: the store's.
    """
    for module in ("mlflow", "analysis.report"):
        importlib.import_module(module)
    begun = time.perf_counter()
    WAYS[name](uri)
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps({"seconds": float(f"{seconds:.4g}"), "megabytes": float(f"{peak:.4g}")}))


def _measured(name: str, uri: str) -> dict[str, float]:
    command = f"from benchmarks.opening import opened; opened({name!r}, {uri!r})"
    done = subprocess.run([sys.executable, "-c", command], check=True, capture_output=True, text=True)
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def write(trials: int, folder: Path, uri: str) -> None:
    """Write the study as the engine does.

    Args:
        trials: as in `run`.
        folder: for the journal and the artifacts.
        uri: the store's.

    Raises:
        RuntimeError: where the store did not take all of it.
    """
    from tuning.store import StoreWriter

    folder.mkdir(parents=True, exist_ok=True)
    writer = StoreWriter(STUDY, uri, folder / STUDY, {"name": STUDY})
    of_one = trials // CONDITIONS
    for index in range(of_one):
        print(f"writing, {index * CONDITIONS} of {trials} trials …", file=sys.stderr)
        for condition in range(CONDITIONS):
            _write_trial(writer, f"condition-{condition}", index, confirmed=index >= of_one - CONFIRMED)
    report = writer.close(timeout=math.inf)
    if not report.complete:
        raise RuntimeError(str(report))


def _write_trial(writer: Any, condition: str, index: int, *, confirmed: bool) -> None:
    from tuning.records import TAGS

    phase = "confirm" if confirmed else "tune"
    key = f"{phase}__mlp-medium__{condition}__{index:04d}"
    tags = dict.fromkeys(TAGS, "of all") | {"study": STUDY, "phase": phase, "architecture": "mlp-medium"}
    tags |= {"condition": condition, "seed": str(index), "trial_key": key, "stop_reason": "completed"}
    settings = {f"training.setting_{number}": str(number / 7) for number in range(30)}
    writer.start(key, key, tags, settings)
    draw = np.random.default_rng(index)
    for epoch in range(EPOCHS + 1):
        writer.epoch(key, _record(draw, epoch, vectors=confirmed))
    writer.end(key, "FINISHED", {"stop_reason": "completed"})


def _record(draw: np.random.Generator, epoch: int, *, vectors: bool) -> Any:
    from tuning.records import METRICS, EpochRecord, LayerRecord

    metrics = dict(zip(METRICS, draw.random(len(METRICS)).tolist(), strict=True))
    layers = []
    for number, width in enumerate(WIDTHS if vectors else ()):
        values = np.sort(np.abs(draw.standard_normal(width, dtype=np.float32)))[::-1]
        measures = {f"measure_{place}": value for place, value in enumerate(draw.random(20).tolist())}
        spectrum = array("f", values.tobytes())
        layers.append(LayerRecord(layer=f"layers.{number}", view="flat", measures=measures, singular_values=spectrum))
    return EpochRecord(epoch=epoch, metrics=metrics, layers=tuple(layers))
