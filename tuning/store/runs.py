"""The runs of an experiment as the store has them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuning.records import FILES, MEASURE_SECONDS, Phase, StopReason
from tuning.store.compat import last_step
from tuning.store.tables import TABLES, sizes

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_RUNS_A_PAGE = 1000


@dataclass(frozen=True, kw_only=True)
class StoredRun:
    """A run of a study, as it was read from the store.

    Attributes:
        run_id: MLflow's id.
        name: as people see it.
        status: ``"RUNNING"``, ``"FINISHED"``, ``"FAILED"``, ``"KILLED"`` or ``"SCHEDULED"``.
        tags: without MLflow's own.
        params: the flat settings, as text.
        metrics: the value of the last epoch, by name.
        epochs: the last epoch of which there is a point, 0 where there is none.
        start_ms: when it began, in milliseconds of the Unix epoch.
        end_ms: when it ended, ``None`` while it runs.
        artifact_uri: where its files are.
        files: the names of the tables that it was given.
    """

    run_id: str
    name: str
    status: str
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    epochs: int
    start_ms: int
    end_ms: int | None
    artifact_uri: str
    files: tuple[str, ...] = ()

    @property
    def is_completed_confirmation(self) -> bool:
        """Whether it has trained its cell's own choice to the end, so that it counts in comparisons."""
        return self.tags.get("phase") == Phase.CONFIRM and self.tags.get("stop_reason") == StopReason.COMPLETED


def iterate_runs(client: "MlflowClient", experiment_id: str, page: int = _RUNS_A_PAGE) -> Iterator[StoredRun]:
    """Go through the runs of an experiment that are not in MLflow's trash, the oldest first.

    Args:
        client: of the store.
        experiment_id: the study's.
        page: how many are asked for, and in memory, at a time.

    Yields:
        The runs.
    """
    token = None
    while True:
        found = client.search_runs(
            [experiment_id],
            max_results=page,
            order_by=["attributes.start_time ASC", "tags.trial_key ASC"],
            page_token=token,
        )
        yield from map(_stored, found)
        token = found.token
        if not token:
            return


def _stored(run: "Run") -> StoredRun:
    info = run.info
    return StoredRun(
        run_id=info.run_id,
        name=info.run_name,
        status=info.status,
        tags={name: value for name, value in run.data.tags.items() if not name.startswith("mlflow.")},
        params=dict(run.data.params),
        metrics=dict(run.data.metrics),
        epochs=last_step(run),
        start_ms=info.start_time,
        end_ms=info.end_time,
        artifact_uri=info.artifact_uri,
        files=_files(run),
    )


def _files(run: "Run") -> tuple[str, ...]:
    """Return which tables a run was given: those that it states, or both where a version that stated none measured."""
    if FILES in run.data.tags:
        return tuple(sizes(run.data.tags[FILES]))
    measured = MEASURE_SECONDS in run.data.metrics and run.info.end_time is not None
    return TABLES if measured else ()
