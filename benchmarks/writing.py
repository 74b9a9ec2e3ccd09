"""A long trial reported to the store's writer, in a process that knows no torch: python -m benchmarks.writing."""

import json
import sys
from array import array
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.fresh_process import peak_megabytes
from benchmarks.reading import STUDY
from tuning.records import METRICS, TAGS, EpochRecord, LayerRecord, Phase, StopReason
from tuning.store import StoreWriter

MEASURES = 26
"""Of a weight in the flat view: those of its spectrum, and how it moves."""

Shape = tuple[str, str, int]
"""A weight, a view, and how many singular values it has there."""


def write(folder: Path, shapes: Sequence[Shape], *, epochs: int, kept: Collection[int]) -> dict[str, float]:
    """Report one trial that is measured at every epoch.

    Args:
        folder: for the store, a SQLite file.
        shapes: of a measurement.
        epochs: after the state before the first step.
        kept: the epochs that keep their vectors.

    Returns:
        The most memory until the store was open, until one record was made, and until all was stored.
    """
    writer = StoreWriter(STUDY, f"sqlite:///{folder / 'mlflow.db'}", folder / "study")
    opened = peak_megabytes()
    draw = np.random.default_rng(0)
    tags = {"study": STUDY, "phase": Phase.CONFIRM, "trial_key": "long", "seed": "0"}
    writer.start("long", "long", dict.fromkeys(TAGS, "long") | tags, {})
    held = 0.0
    for epoch in range(epochs + 1):
        metrics = dict(zip(METRICS, draw.random(len(METRICS)).tolist(), strict=True))
        record = EpochRecord(epoch=epoch, metrics=metrics, layers=tuple(_layers(shapes, draw, epoch in kept)))
        held = held or peak_megabytes()
        writer.epoch("long", record)
    writer.end("long", "FINISHED", {"stop_reason": StopReason.COMPLETED})
    report = writer.close(timeout=3600)
    assert report.complete, str(report)
    return {"opened": opened, "held": held, "stored": peak_megabytes()}


def _layers(shapes: Sequence[Shape], draw: np.random.Generator, whole: bool) -> Iterator[LayerRecord]:
    for layer, view, number in shapes:
        values = np.sort(draw.lognormal(size=number))[::-1].astype(np.float32) if whole else np.empty(0, np.float32)
        measures = {f"measure {place}": draw.random() for place in range(MEASURES)}
        yield LayerRecord(layer=layer, view=view, measures=measures, singular_values=array("f", values.tobytes()))


if __name__ == "__main__":
    given = json.load(sys.stdin)
    shapes = [(layer, view, number) for layer, view, number in given["shapes"]]
    print(json.dumps(write(Path(given["folder"]), shapes, epochs=given["epochs"], kept=set(given["kept"]))))
