"""A study in a store, written by the lines that store every study: real measures, spectra a little apart."""

import shutil
import tempfile
from array import array
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks.reading import STUDY
from models import ARCHITECTURES
from regularizers import LayerSpectrum
from regularizers.measure import measure
from tuning.records import METRICS, TAGS, EpochRecord, LayerRecord, Phase, StopReason
from tuning.store import StoreReader, StoreWriter
from tuning.store.spectra import Parts, merge
from tuning.trial import build_initialized

CONDITIONS = 10
TUNED = 9
"""Trials of the search to one of the confirmation."""

Spectra = Mapping[str, LayerSpectrum]


def measured(architecture: str) -> Spectra:
    """Measure the flat view of a network as it is before its first step.

    Args:
        architecture: a name.
    """
    image = (3, 32, 32)
    return measure(build_initialized(ARCHITECTURES[architecture], image, 10, name="default", seed=0), image)


def write(folder: Path, architecture: str, spectra: Spectra, *, trials: int, epochs: int) -> str:
    """Write a study whose trials all go through all epochs, with every metric and all vectors at each.

    Args:
        folder: for the store, a SQLite file.
        architecture: what the runs are said to be of.
        spectra: its measures.
        trials: how many.
        epochs: after the state before the first step.

    Returns:
        The store's tracking URI.
    """
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    writer = StoreWriter(STUDY, uri, folder / "study")
    draw = np.random.default_rng(0)
    for number in range(trials):
        cell, place = divmod(number, TUNED + 1)
        key = f"trial-{number:06d}"
        named = {
            "study": STUDY,
            "phase": Phase.CONFIRM if place == TUNED else Phase.TUNE,
            "architecture": architecture,
            "condition": f"condition {cell % CONDITIONS}",
            "seed": str(cell),
            "trial_key": key,
            "stop_reason": StopReason.RUNNING,
        }
        writer.start(key, key, dict.fromkeys(TAGS, "") | named, {"training.learning_rate": str(draw.random())})
        for epoch in range(epochs + 1):
            writer.epoch(key, _record(spectra, epoch, draw))
        writer.end(key, "FINISHED", {"stop_reason": StopReason.COMPLETED})
    report = writer.close(timeout=3600)
    assert report.complete, str(report)
    return uri


def enlarge(uri: str, spectra: Spectra, *, epochs: int, times: int) -> None:
    """Put files with more singular values into the places of a study's: those of one trial, copied to all.

    Args:
        uri: the store.
        spectra: what the study was written with.
        epochs: of the study.
        times: how many values to each one there was.
    """
    reader = StoreReader(STUDY, uri)
    draw = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as name:
        parts = Parts(Path(name))
        for epoch in range(epochs + 1):
            parts.write("one", epoch, _record(spectra, epoch, draw, times).layers)
        for path in merge(parts.of("one"), Path(name), lambda _: None):
            for run in reader.runs():
                there = reader.artifact(run, path.name)
                assert there is not None, f"every run has its files, got none in {run.name}"
                shutil.copyfile(path, there)


def _record(spectra: Spectra, epoch: int, draw: np.random.Generator, times: int = 1) -> EpochRecord:
    layers = tuple(_layer(name, spectrum, draw, times) for name, spectrum in spectra.items())
    return EpochRecord(
        epoch=epoch, metrics=dict(zip(METRICS, draw.random(len(METRICS)).tolist(), strict=True)), layers=layers
    )


def _layer(name: str, spectrum: LayerSpectrum, draw: np.random.Generator, times: int) -> LayerRecord:
    values = np.repeat(spectrum.singular_values.numpy(), times)
    values = np.sort(values * draw.normal(1, 0.01, len(values)))[::-1].astype(np.float32)
    scale = draw.uniform(0.9, 1.1)
    return LayerRecord(
        layer=name,
        view="flat",
        measures={measure: scale * value for measure, value in spectrum.measures.items()},
        singular_values=array("f", values.tobytes()),
        routine=spectrum.routine,
    )
