"""How large the files of a long trial become, and what memory writing and reading them takes."""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from benchmarks.fresh_process import in_fresh_process
from benchmarks.machine import machine
from benchmarks.writing import Shape
from models import build
from regularizers import select
from regularizers.measure.input_sizes import input_sizes
from tuning.records import LAYERS_FILE, SPECTRA_FILE
from tuning.trial.vector_schedule import vector_epochs

IMAGE = (3, 32, 32)
READERS = {
    "vectored": "opening the study and reading every vector, an epoch at a time",
    "framed": "reading `spectra.parquet` whole into a pandas frame",
}
"""Names of `benchmarks.reading`, and what the table calls them."""

Result = dict[str, Any]


def run(*, epochs: int, architecture: str) -> Result:
    """Write one trial that is measured at every epoch in the flat and the circular view, and read it.

    Args:
        epochs: of the trial.
        architecture: its network's name.

    Returns:
        Machine, sizes of the files, and megabytes of memory, for JSON.
    """
    measured = shapes(architecture)
    kept = vector_epochs(sum(number for *_, number in measured), range(epochs + 1))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{architecture}, {epochs} epochs …", file=sys.stderr)
        given = {"folder": name, "shapes": measured, "epochs": epochs, "kept": list(kept)}
        written = in_fresh_process("benchmarks.writing", given=given)
        uri = f"sqlite:///{folder / 'mlflow.db'}"
        readers = ("opened", *READERS)
        read = {reader: in_fresh_process("benchmarks.reading", reader, uri)["megabytes"] for reader in readers}
        files = {file: next(folder.rglob(file)).stat().st_size for file in (SPECTRA_FILE, LAYERS_FILE)}
    return {
        "machine": machine(torch.device("cpu")),
        "architecture": architecture,
        "epochs": epochs,
        "values": sum(number for *_, number in measured),
        "kept": list(kept),
        "bytes": files,
        "writer": {step: round(megabytes) for step, megabytes in written.items()},
        "readers": {reader: round(megabytes) for reader, megabytes in read.items()},
    }


def shapes(architecture: str) -> Sequence[Shape]:
    """List what a trial would measure: every weight as a matrix, every convolution also as it wraps around.

    Args:
        architecture: a name.

    Returns:
        Weights, views and numbers of singular values.
    """
    model = build(architecture, IMAGE, 10).eval()
    targets = select(model)
    convolutions = [target for target in targets if isinstance(target.module, nn.Conv2d)]
    sizes: Mapping[str, tuple[int, int]] = {}
    if convolutions:
        with torch.no_grad():
            sizes = input_sizes(model, convolutions, IMAGE)
    flat = [(target.name, "flat", min(target.parameter.flatten(1).shape)) for target in targets]
    return flat + [(t.name, "circular", _points(sizes[t.name]) * min(t.parameter.shape[:2])) for t in convolutions]


def _points(size: tuple[int, int]) -> int:
    height, width = size
    return height * width


def markdown(result: Result) -> str:
    """Return the table of a result.

    Args:
        result: of `run`, or read from JSON.
    """
    values, kept, epochs = result["values"], result["kept"], result["epochs"]
    size = {file: number / 1e6 for file, number in result["bytes"].items()}
    writer, readers = result["writer"], result["readers"]
    rows = {
        "singular values of a measurement": f"{values:,}",
        "epochs measured": f"{epochs + 1}",
        "epochs whose vectors are kept": f"{len(kept)}",
        f"`{SPECTRA_FILE}`, MB": f"{size[SPECTRA_FILE]:.1f}",
        f"`{LAYERS_FILE}`, MB": f"{size[LAYERS_FILE]:.1f}",
        "both, had every vector been kept, MB, computed": f"{_whole(result):,.0f}",
        "memory of the process that writes when the store is open, MB": f"{writer['opened']}",
        "… with one measurement at hand": f"{writer['held']}",
        "… at most until all is stored": f"{writer['stored']}",
        "memory of a process that opens the store, MB at most": f"{readers['opened']}",
        **{f"… {what}": f"{readers[name]:,}" for name, what in READERS.items()},
    }
    lines = [
        f"Machine: {result['machine']}.",
        "",
        f"| a trial of {result['architecture']}, {epochs} epochs, flat and circular at 32 × 32 | |",
        "|---|--:|",
        *(f"| {what} | {number} |" for what, number in rows.items()),
    ]
    return "\n".join(lines)


def _whole(result: Result) -> float:
    spectra, layers = (result["bytes"][file] / 1e6 for file in (SPECTRA_FILE, LAYERS_FILE))
    return float(spectra * (result["epochs"] + 1) / len(result["kept"]) + layers)
