"""Ways of reading a stored study, each to be run in a process of its own: python -m benchmarks.reading NAME URI."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.fresh_process import peak_megabytes
from tuning.store import StoreReader

STUDY = "opening"

# What a reader imports is part of what it takes.


def opened(uri: str) -> object:
    """Reach the store, which imports MLflow, and find the study."""
    return StoreReader(STUDY, uri)


def loaded(uri: str) -> object:
    """Open the study as tables."""
    from analysis.tables.study_tables import load

    return load(STUDY, uri)


def compared(uri: str) -> object:
    """Open it, and compare its conditions."""
    from analysis.findings.compare import comparison
    from analysis.tables.study_tables import load

    return comparison(load(STUDY, uri))


def reported(uri: str) -> object:
    """Open it, and compute everything that its report says and draws."""
    from analysis.findings.compare import comparison
    from analysis.findings.curves import confirmed, curves
    from analysis.findings.decay_profiles import decay_profiles
    from analysis.findings.distributions import distributions
    from analysis.findings.edges import edges
    from analysis.findings.effects import effects
    from analysis.findings.importance import importances
    from analysis.findings.kept_spectra import fallbacks, kept
    from analysis.findings.measuring import cost
    from analysis.findings.predictors import predictions
    from analysis.findings.sensitivity import sensitivities
    from analysis.tables.study_tables import load
    from tuning.records import METRICS

    tables = load(STUDY, uri)
    steps = (comparison, confirmed, cost, fallbacks, distributions)
    answers = (effects, predictions, importances, sensitivities, edges)
    found = [curves(tables, METRICS), decay_profiles(tables, kept(tables))]
    return [*found, *(step(tables) for step in (*steps, *answers))]


def vectored(uri: str) -> object:
    """Open it, and go through every vector of every run, an epoch at a time."""
    from analysis.tables.study_tables import load
    from analysis.tables.vectors import vectors

    tables = load(STUDY, uri)
    return [len(values) for view in ("flat", "circular") for *_, values in vectors(tables, tables.runs.index, view)]


def framed(uri: str) -> object:
    """Read all singular values into one frame, as one would without this package."""
    import pandas as pd

    paths = sorted(Path(uri.removeprefix("sqlite:///")).parent.glob(f"mlartifacts/{STUDY}/*/artifacts/spectra.parquet"))
    frames = [pd.read_parquet(path).assign(run_id=path.parts[-3]) for path in paths]
    return pd.concat(frames, ignore_index=True)


READERS: dict[str, Callable[[str], object]] = {
    reader.__name__: reader for reader in (opened, loaded, compared, reported, vectored, framed)
}

if __name__ == "__main__":
    _, name, uri = sys.argv
    begun, used = time.perf_counter(), time.process_time()
    found = READERS[name](uri)
    seconds, processor = time.perf_counter() - begun, time.process_time() - used
    print(json.dumps({"seconds": seconds, "processor": processor, "megabytes": peak_megabytes()}))
