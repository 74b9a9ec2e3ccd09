"""What it takes to open a study of many trials, against reading its files whole."""

import statistics
import sys
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch

from benchmarks import stored_study
from benchmarks.fresh_process import in_fresh_process
from benchmarks.machine import machine
from tuning.records import METRICS

READERS = {
    "opened": "store opened",
    "loaded": "`load`",
    "compared": "`load` and `comparison`",
    "reported": "all that the report computes",
    "framed": "every `spectra.parquet` in one pandas frame",
}
"""Names of `benchmarks.reading`, and what the table calls them."""

ARCHITECTURE = "resnet-medium"
TIMES = 4
"""How many singular values the enlarged files have to each one of the first."""

_RIVAL = "framed"
_LONG = 30.0  # seconds of the processor, after which once is enough

Result = dict[str, Any]
Taken = Mapping[str, Mapping[str, list[float]]]


def run(
    *,
    trials: int,
    epochs: int,
    rounds: int,
    architecture: str = ARCHITECTURE,
    readers: Collection[str] = tuple(READERS),
) -> Result:
    """Write a study, read it in every way, enlarge its vectors and read it again, but not into one frame.

    Args:
        trials: of the study.
        epochs: of each.
        rounds: in which every reader takes part; one that takes more than 30 s of the processor, once.
        architecture: whose weights' spectra are stored.
        readers: some of `READERS`.

    Returns:
        Machine, sizes, and by reader seconds, seconds of the processor and megabytes, for JSON.
    """
    spectra = stored_study.measured(architecture)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"writing {trials} trials …", file=sys.stderr)
        uri = stored_study.write(folder, architecture, spectra, trials=trials, epochs=epochs)
        files = _megabytes(folder)
        first = _read(uri, readers, rounds)
        stored_study.enlarge(uri, spectra, epochs=epochs, times=TIMES)
        return {
            "machine": machine(torch.device("cpu")),
            "architecture": architecture,
            "trials": trials,
            "epochs": epochs,
            "weights": len(spectra),
            "values": sum(len(spectrum.singular_values) for spectrum in spectra.values()),
            "files": files,
            "readers": first,
            "enlarged_files": _megabytes(folder),
            "enlarged": _read(uri, [reader for reader in readers if reader != _RIVAL], rounds),
        }


def _read(uri: str, readers: Collection[str], rounds: int) -> Taken:
    taken: dict[str, dict[str, list[float]]] = {
        name: {"seconds": [], "processor": [], "megabytes": []} for name in readers
    }
    for _ in range(rounds):
        for name in readers:
            if max(taken[name]["processor"], default=0.0) > _LONG:
                continue
            print(f"{READERS[name]} …", file=sys.stderr)
            for what, number in in_fresh_process("benchmarks.reading", name, uri).items():
                taken[name][what].append(float(f"{number:.4g}"))
    return taken


def _megabytes(folder: Path) -> float:
    return round(sum(path.stat().st_size for path in folder.glob("mlartifacts/**/*.parquet")) / 1e6, 1)


def markdown(result: Result) -> str:
    """Return the table of a result.

    Args:
        result: of `run`, or read from JSON.
    """
    trials, epochs = result["trials"], result["epochs"]
    rows = trials * (epochs + 1)
    values = rows * result["values"]
    stored = f"{values:,} singular values in files of {result['files']:,.0f} MB"
    points = f"{rows * len(METRICS):,} points in SQLite"
    enlarged = f"{TIMES * values:,} in {result['enlarged_files']:,.0f} MB"
    lines = [
        f"Machine: {result['machine']}.",
        "",
        f"**{trials:,} trials of {epochs} epochs**, {result['architecture']}, {result['weights']} weights: "
        f"{points}, {stored}, then {enlarged}.",
        "",
        f"| read | seconds | of the processor | × `load` | MB at most | × `load` | runs "
        f"| {TIMES} × the values: × processor | × MB |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    return "\n".join([*lines, *(_row(name, result) for name in result["readers"])])


def _row(name: str, result: Result) -> str:
    first, load = (_medians(result["readers"][reader]) for reader in (name, "loaded"))
    cells = [f"{first['seconds']:.1f}", f"{first['processor']:.1f}", f"{first['processor'] / load['processor']:.2g}"]
    cells += [f"{first['megabytes']:,.0f}", f"{first['megabytes'] / load['megabytes']:.2g}"]
    cells.append(f"{len(result['readers'][name]['seconds'])}")
    more = _medians(result["enlarged"][name]) if name in result["enlarged"] else {}
    cells += [f"{more[what] / first[what]:.2f}" if more else "" for what in ("processor", "megabytes")]
    return f"| {READERS[name]} | " + " | ".join(cells) + " |"


def _medians(taken: Mapping[str, list[float]]) -> dict[str, float]:
    return {what: statistics.median(numbers) for what, numbers in taken.items()}
