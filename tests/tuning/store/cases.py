"""What a study would report, and what a store holds, for the tests of the store."""

import random
import resource
import sqlite3
from array import array
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tuning.records import TAGS, TRAIN_LOSS, VAL_ACCURACY, EpochRecord, LayerRecord, StopReason
from tuning.store import StoreReader, StoreWriter

SECONDS = 60.0
"""More than any of this takes; a writer that needs it fails its test."""
DONE = {"stop_reason": str(StopReason.COMPLETED)}


def tags(key: str, **other: str) -> dict[str, str]:
    return {name: f"{name} of it" for name in TAGS} | {"trial_key": key, "phase": "tune"} | other


def layers(epoch: int, count: int = 2, values: int = 3) -> tuple[LayerRecord, ...]:
    draw = random.Random(epoch)
    return tuple(
        LayerRecord(
            layer=f"layers.{number}",
            view=view,
            measures={"spectral_norm": draw.random(), "rank": float(values)},
            singular_values=array("f", sorted((draw.random() for _ in range(values)), reverse=True)),
        )
        for number in range(count)
        for view in ("flat", "circular")
    )


def record(epoch: int) -> EpochRecord:
    metrics = {TRAIN_LOSS: 1.0 / (epoch + 1), VAL_ACCURACY: 0.01 * epoch}
    return EpochRecord(epoch=epoch, metrics=metrics, layers=layers(epoch))


def write_run(writer: StoreWriter, key: str, epochs: int = 3, status: str = "FINISHED") -> None:
    writer.start(key, f"run {key}", tags(key), {"learning_rate": "0.1", "epochs": str(epochs)})
    for epoch in range(epochs + 1):
        writer.epoch(key, record(epoch))
    writer.end(key, status, tags(key, **DONE))


def written(folder: Path, uri: str, *keys: str, status: str = "FINISHED") -> None:
    writer = StoreWriter("study", uri, folder / "study")
    for key in keys:
        write_run(writer, key, status=status)
    assert writer.close(SECONDS).complete


def points(reader: StoreReader, *selection: list[str]) -> list[tuple[str, str, int, float]]:
    """What a reader's history is asked for, as run, metric, epoch and value."""
    columns = reader.history(*selection).to_pydict()
    return list(zip(columns["run_id"], columns["metric"], columns["epoch"], columns["value"], strict=True))


def reopened(folder: Path, uri: str) -> None:
    report = StoreWriter("study", uri, folder / "study").close(SECONDS)
    assert report.complete, str(report)


@contextmanager
def file_size_limit(size: int) -> Generator[None]:
    """No file of this process can grow beyond the size: what a full disk looks like."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def contents(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that says something of runs, from MLflow's own tables; run ids differ from store to store."""
    key = "(SELECT value FROM tags t WHERE t.key = 'trial_key' AND t.run_uuid = r.run_uuid)"
    live = "r.lifecycle_stage = 'active'"
    run = f"JOIN runs r USING (run_uuid) WHERE {live}"
    queries = {
        "runs": f"SELECT {key}, status, name, start_time, end_time FROM runs r WHERE {live}",
        "metrics": f"SELECT {key}, key, step, timestamp, value FROM metrics {run}",
        "params": f"SELECT {key}, key, value FROM params {run}",
        "tags": f"SELECT {key}, key, value FROM tags {run}",
    }
    with closing(sqlite3.connect(folder / "mlflow.db")) as base:
        return {name: sorted(base.execute(query).fetchall()) for name, query in queries.items()}
