"""What WeightWatcher says of the matrices, as JSON: the reference of the measures named after its own.

    python -m tests.regularizers.measure.weightwatcher > tests/regularizers/measure/weightwatcher-0.7.7.json

A process of its own, because the package sets up logging and warnings for the whole process, and prints.
"""

import contextlib
import importlib
import json
import sys
from importlib.metadata import version
from typing import Any

import torch
from torch import nn

from benchmarks.weight_watcher import SHARED
from regularizers.measure import WEIGHT_WATCHER_VERSION
from tests.regularizers.measure.matrices import MATRICES, matrix


def measures() -> dict[str, dict[str, float]]:
    """Analyze every matrix as a model of one layer; what the package gives no row for has none here."""
    package = importlib.import_module("weightwatcher")
    found = {}
    for name in MATRICES:
        weight = matrix(name)
        layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
        layer.weight.data = weight
        details = package.WeightWatcher(model=nn.Sequential(layer)).analyze(mp_fit=True)
        rows = details.to_dict("records")
        found[name] = {measure: float(f"{rows[0][measure]:.10g}") for measure in SHARED} if rows else {}
    return found


def source() -> dict[str, Any]:
    """Say what gave the reference."""
    packages = ("weightwatcher", "numpy", "scipy", "scikit-learn", "torch")
    return {
        "call": "WeightWatcher(model=Sequential(Linear)).analyze(mp_fit=True)",
        **{package: version(package) for package in packages},
    }


if __name__ == "__main__":
    assert version("weightwatcher") == WEIGHT_WATCHER_VERSION, "the definitions are of another version"
    torch.set_num_threads(1)
    with contextlib.redirect_stdout(sys.stderr):
        told = {"source": source(), "measures": measures()}
    json.dump(told, sys.stdout, indent=1)
