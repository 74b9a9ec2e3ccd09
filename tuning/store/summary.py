"""The summary run of a cell: what MLflow's pages cannot work out themselves, stored beside the trials."""

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tuning.records import TAGS, Phase
from tuning.store.address import resolve_tracking_uri
from tuning.store.artifacts import local_folder
from tuning.store.batches import log_points
from tuning.store.connection import artifact_location, connect, open_experiment, prepare_sqlite, reaching

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import RunInfo


def write_summary(
    study: str,
    tracking_uri: str | None,
    key: str,
    tags: Mapping[str, str],
    metrics_by_epoch: Mapping[str, Mapping[int, float]],
    files: Sequence[Path],
) -> str:
    """Write the one summary run of a cell, in place of an earlier one.

    The new run is complete before the old one goes, so that a reader always finds one. A store that cannot be
    reached or written is a ``ValueError``.

    Args:
        study: the study's name.
        tracking_uri: the store, as `resolve_tracking_uri` takes it.
        key: the summary's key, the same whenever it is written again.
        tags: every one of `tuning.records.TAGS`, with ``phase=summary``.
        metrics_by_epoch: finite values by name and epoch, e.g. ``{"mean/val/accuracy": {1: 0.9}}``.
        files: figures, pages and tables, stored under their own names.

    Returns:
        The id of the new run.
    """
    missing = [tag for tag in TAGS if tag not in tags]
    assert not missing, f"every run carries every tag of tuning/records.py, missing {missing}"
    assert tags["phase"] == Phase.SUMMARY, f"a summary's phase is {Phase.SUMMARY!s}, got {tags['phase']!r}"
    assert tags["trial_key"] == key, f"the tag trial_key must be the key {key!r}, got {tags['trial_key']!r}"
    uri = resolve_tracking_uri(tracking_uri)
    prepare_sqlite(uri)
    client = connect(uri)
    experiment = open_experiment(client, study, uri)
    points = [(name, epoch, value) for name, values in metrics_by_epoch.items() for epoch, value in values.items()]
    with reaching(uri):
        old = client.search_runs([experiment.id], filter_string=f"tags.trial_key = '{key}'")
        start_ms = time.time_ns() // 1_000_000
        name = f"summary of {tags['architecture']} × {tags['condition']}"
        info = client.create_run(experiment.id, start_time=start_ms, tags=dict(tags), run_name=name).info
        log_points(client, info.run_id, start_ms, points)
        _store(client, info, files, _moved_to(info.artifact_uri, study, uri))
        client.set_terminated(info.run_id, "FINISHED")
        for run in old:
            client.delete_run(run.info.run_id)
    return str(info.run_id)


def _moved_to(artifact_uri: str, study: str, tracking_uri: str) -> Path | None:
    """Return the folder of a study's artifacts where its store was moved, None where all is in its place.

    MLflow would make the folder anew that the store was moved from, as it keeps absolute paths.
    """
    folder = local_folder(artifact_uri)
    if folder is None or folder.parent.parent.is_dir():
        return None
    location = artifact_location(study, tracking_uri)
    return None if location is None else Path(location)


def _store(client: "MlflowClient", run: "RunInfo", files: Sequence[Path], moved_to: Path | None) -> None:
    if moved_to is None:
        for path in files:
            client.log_artifact(run.run_id, str(path))
        return
    folder = moved_to / run.run_id / "artifacts"
    folder.mkdir(parents=True)
    for path in files:
        shutil.copy(path, folder)
