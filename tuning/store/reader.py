"""Reading a study back: its runs, their points by epoch, their files."""

import shutil
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from tuning.nearest import nearest
from tuning.secrets import hide_password
from tuning.store.address import beside_store, resolve_tracking_uri, sqlite_path
from tuning.store.artifacts import fetch
from tuning.store.connection import connect, reaching, refuse_deleted
from tuning.store.history import read_history
from tuning.store.kept_study import kept_study_data
from tuning.store.runs import StoredRun, iterate_runs


class StoreReader:
    """Reads one study from one store.

    Args:
        study: the study's name, which is the experiment's.
        tracking_uri: the store, as `resolve_tracking_uri` takes it.

    Raises:
        ValueError: where the store cannot be reached, or has no such study but in MLflow's trash.
    """

    def __init__(self, study: str, tracking_uri: str | None = None) -> None:
        self._uri = resolve_tracking_uri(tracking_uri)
        path = sqlite_path(self._uri)
        if path is not None and not path.is_file():
            raise ValueError(f"a store to read must exist, got {self._uri!r}; run a study first, or name another store")
        self._client = connect(self._uri)
        with reaching(self._uri):
            found = {experiment.name: experiment for experiment in self._client.search_experiments()}
        if study not in found:
            with reaching(self._uri):
                deleted = self._client.get_experiment_by_name(study)
            if deleted is not None:
                refuse_deleted(deleted)
            raise ValueError(_unknown_study(study, self._uri, sorted(set(found) - {"Default"})))
        self._experiment_id = found[study].experiment_id
        self._tags = dict(found[study].tags)
        self._copies = Path(tempfile.mkdtemp(prefix="spectune-"))
        weakref.finalize(self, shutil.rmtree, self._copies, ignore_errors=True)

    @property
    def study_data(self) -> dict[str, Any]:
        """The study as plain data; empty where the experiment was written without one."""
        return kept_study_data(self._tags)

    def runs(self) -> list[StoredRun]:
        """Return every run of the study, trials and summaries, the oldest first."""
        return list(iterate_runs(self._client, self._experiment_id))

    def history(self, run_ids: Sequence[str], metrics: Sequence[str] | None = None) -> pa.Table:
        """Return the points of several runs by epoch.

        Args:
            run_ids: as in `StoredRun.run_id`.
            metrics: names of metrics; all of these runs, if left out.

        Returns:
            One row a point: ``run_id``, ``metric``, ``epoch``, ``value``, ordered by run, metric and epoch,
            one point an epoch: should a run have received several, the latest.
        """
        chosen = set(run_ids)
        if metrics is None:
            runs = (run for run in self.runs() if run.run_id in chosen)
            metrics = sorted({name for run in runs for name in run.metrics})
        return read_history(self._client, self._uri, sorted(chosen), metrics)

    def artifact(self, run: StoredRun, name: str) -> Path | None:
        """Return a local path of a run's file, ``None`` where the run has none of that name.

        Args:
            run: the run.
            name: e.g. ``"spectra.parquet"``.

        Returns:
            The stored file itself where it lies on this machine, beside the store if it was moved with that; else a
            copy that lives as long as this reader.
        """
        copy = self._copies / run.run_id / name
        if copy.is_file():
            return copy
        with reaching(self._uri):
            return fetch(self._client, run.run_id, run.artifact_uri, name, copy.parent, beside_store(self._uri))


def _unknown_study(study: str, uri: str, known: Sequence[str]) -> str:
    of_file = Path(study).suffix in {".yaml", ".yml"} or "/" in study
    hint = nearest(Path(study).stem if of_file else study, known)
    there = ", ".join(known) if known else "none yet"
    rule = "a study is read by the name in its file" if of_file else "a study to read must be in the store"
    return (
        f"{rule}, got {study!r}{hint}; {hide_password(uri)!r} has: {there}. Run the study first, or name another store"
    )
