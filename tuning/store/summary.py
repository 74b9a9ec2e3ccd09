"""The summary run of a cell: what MLflow's pages cannot work out themselves, stored beside the trials."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tuning.records import TAGS, Phase
from tuning.store.address import resolve_tracking_uri
from tuning.store.batches import log_points
from tuning.store.connection import connect, open_experiment, prepare_sqlite, reaching


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
        run_id = client.create_run(experiment.id, start_time=start_ms, tags=dict(tags), run_name=name).info.run_id
        log_points(client, run_id, start_ms, points)
        for path in files:
            client.log_artifact(run_id, str(path))
        client.set_terminated(run_id, "FINISHED")
        for run in old:
            client.delete_run(run.info.run_id)
    return str(run_id)
