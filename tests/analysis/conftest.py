"""One real store for the whole package: each study in it is one situation a reader can meet."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from analysis.tables.study_tables import Tables, load, runs_frame
from tests.analysis import synthetic
from tests.analysis.synthetic import Run, with_records
from tuning.store import StoredRun, StoreWriter
from tuning.store.connection import connect
from tuning.store.history import HISTORY

HOSTILE = "<script>alert(1)</script> & $x_1$ [bold]"
MLP = {"study": "gaps", "architecture": "mlp-small"}


def gaps() -> list[Run]:
    """Cells that lack something: a seed that diverged, one seed alone, no confirmation, no run."""
    runs = [
        Run(phase="tune", condition="baseline", index=0, reason="diverged", epochs=2, **MLP),
        Run(phase="confirm", condition="baseline", index=0, **MLP),
        Run(phase="confirm", condition="baseline", index=1, **MLP),
        Run(phase="confirm", condition="baseline", index=2, reason="diverged", epochs=2, **MLP),
        Run(phase="confirm", condition="decay", index=0, **MLP),
        Run(phase="tune", condition="spectral", index=0, **MLP),
        Run(phase="tune", condition="spectral", index=1, reason="error", epochs=-1, **MLP),
        Run(phase="tune", condition="baseline", index=0, study="gaps", architecture="resnet-small"),
    ]
    return [with_records(run) for run in runs]


def hostile() -> list[Run]:
    """A study whose names are markup; their keys are plain, as the store asks."""
    names = {"study": "hostile", "architecture": HOSTILE, "condition": HOSTILE, "phase": "confirm"}
    runs = [Run(index=index, named=f"confirm__{index}", **names) for index in range(2)]
    return [with_records(run) for run in runs]


def failed() -> list[Run]:
    run = Run(study="failed", phase="tune", architecture="mlp-small", condition="baseline", index=0)
    return [
        replace(run, reason="error", epochs=-1),
        with_records(replace(run, index=1, reason="diverged", epochs=2)),
    ]


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The tracking URI of a SQLite store with the studies quickstart, gaps, hostile, failed, empty, one deleted."""
    folder = tmp_path_factory.mktemp("store")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    situations = {
        synthetic.STUDY: synthetic.study(),
        "gaps": gaps(),
        "hostile": hostile(),
        "failed": failed(),
        "empty": [],
        "thrown-away": [],
    }
    for study, runs in situations.items():
        writer = StoreWriter(study, uri, folder / study, synthetic.study_data(runs))
        synthetic.keep(runs, writer)
        report = writer.close(timeout=120)
        assert report.complete, report
    client = connect(uri)
    client.delete_experiment(client.get_experiment_by_name("thrown-away").experiment_id)
    return uri


@pytest.fixture(scope="session")
def quickstart(store: str) -> Tables:
    return load(synthetic.STUDY, store)


@pytest.fixture(scope="session")
def with_gaps(store: str) -> Tables:
    return load("gaps", store)


def in_memory(runs: Sequence[Run]) -> Tables:
    """Arrange runs without a store; each begins a second after the other."""
    stored = [
        StoredRun(
            run_id=run.key,
            name=run.key,
            status=run.status,
            tags=run.tags,
            params=run.params,
            metrics={metric: value for record in run.records for metric, value in record.metrics.items()},
            epochs=max((record.epoch for record in run.records), default=0),
            start_ms=1_700_000_000_000 + 1000 * place,
            end_ms=1_700_000_000_900 + 1000 * place,
            artifact_uri="",
        )
        for place, run in enumerate(runs)
    ]
    study_data = synthetic.study_data(runs)
    return Tables(
        study="memory",
        tracking_uri="postgresql://me:secret@db/runs",
        study_data=study_data,
        runs=runs_frame(stored, study_data),
        history=partial(points, runs),
        fetch=nothing,
        stated=lambda run_id: {},
    )


def points(runs: Sequence[Run], run_ids: Sequence[str], metrics: Sequence[str]) -> pa.Table:
    """What a store would answer that had these runs."""
    rows = [
        {"run_id": run.key, "metric": metric, "epoch": record.epoch, "value": value}
        for run in runs
        for record in run.records
        for metric, value in record.metrics.items()
    ]
    return pa.Table.from_pylist([r for r in rows if r["run_id"] in run_ids and r["metric"] in metrics], HISTORY)


def nothing(run_id: str, name: str) -> Path | None:
    """Fetch from a store that keeps no files."""
    return None
