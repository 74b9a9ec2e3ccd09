"""WeightWatcher as a contender: a package that measures trained weights, and need not be installed."""

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

import torch
from torch import nn

from regularizers.measure import LayerSpectrum

INSTALL = "pip install --constraint constraints.txt --editable '.[benchmarks]'"
SHARED = (
    "alpha",
    "D",
    "alpha_weighted",
    "log_alpha_norm",
    "log_spectral_norm",
    "stable_rank",
    "mp_softrank",
    "num_spikes",
)
"""Measures that this project has by the same names, and that mean the same of a matrix."""

Details = Mapping[str, Mapping[str, float]]
"""What the package says of each weight, by the module's qualified name: its measures by its names."""


def versions() -> str | None:
    """Return the package's version and those of the libraries that work for it, None where it is not installed."""
    if importlib.util.find_spec("weightwatcher") is None:
        return None
    return ", ".join(f"{name} {version(name)}" for name in ("weightwatcher", "numpy", "scipy", "scikit-learn"))


def analyzer(model: nn.Module, **settings: Any) -> Callable[[], Details]:
    """Return what analyzes a model as the package does by itself; it draws only when told to.

    Args:
        model: the network.
        settings: of ``analyze`` that are not to be its defaults.
    """
    # Imported here alone: it takes seconds, and sets up logging and warnings for the whole process.
    package = importlib.import_module("weightwatcher")
    # Its decompositions are SciPy's, which has threads of its own. It is to have as many as torch.
    threadpoolctl = importlib.import_module("threadpoolctl")
    threadpoolctl.threadpool_limits(limits=torch.get_num_threads(), user_api="blas")

    def analyze() -> Details:
        rows = package.WeightWatcher(model=model).analyze(**settings).to_dict("records")
        return {row["longname"]: row for row in rows}

    return analyze


def disagreement(ours: Mapping[str, LayerSpectrum], theirs: Details) -> dict[str, float]:
    """The largest relative difference over all weights, by measure; where the package has zero, the difference.

    Args:
        ours: spectra by weight, of the flat view.
        theirs: with the bulk fitted (``mp_fit``).
    """

    def difference(our: float, their: float) -> float:
        return abs(our - their) / (abs(their) or 1.0)

    return {
        measure: max(difference(found.measures[measure], theirs[name][measure]) for name, found in ours.items())
        for measure in SHARED
    }
