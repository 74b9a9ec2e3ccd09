"""What an experiment's runs look like from afar: enough to know which of them are whole, in a few queries a study.

A data base is asked by SQL: MLflow's own search makes an object of every parameter and metric, which for thousands of
runs takes seconds and hundreds of megabytes. A tracking server is asked through MLflow, page by page.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuning.store.address import is_database
from tuning.store.compat import data_base, tables
from tuning.store.runs import iterate_runs

if TYPE_CHECKING:
    from mlflow import MlflowClient

_PAGE = 100


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A run of a store, with as much of it as tells whether it is whole.

    Attributes:
        run_id: MLflow's id.
        name: as people see it.
        status: in MLflow's words.
        start_ms: when it began, in milliseconds of the Unix epoch.
        end_ms: when it ended, None while it runs.
        artifact_uri: where its files are.
        tags: without MLflow's own.
        params: how many it has.
        points: how many numbers under the names that count; None where the store does not count.
        last_epoch: the last epoch that it shows; None where the points are counted.
    """

    run_id: str
    name: str
    status: str
    start_ms: int
    end_ms: int | None
    artifact_uri: str
    tags: Mapping[str, str]
    params: int
    points: int | None = None
    last_epoch: int | None = None


def census(client: "MlflowClient", tracking_uri: str, experiment_id: str, metrics: Collection[str]) -> Iterator[Seen]:
    """Look at every run of an experiment that is not in MLflow's trash.

    Args:
        client: of the store.
        tracking_uri: the store, resolved.
        experiment_id: the experiment.
        metrics: the names of the numbers that count; what others have added to a run does not.

    Yields:
        The runs.
    """
    if is_database(tracking_uri):
        yield from _of_database(tracking_uri, experiment_id, metrics)
        return
    for run in iterate_runs(client, experiment_id, _PAGE):
        yield Seen(
            run_id=run.run_id,
            name=run.name,
            status=run.status,
            start_ms=run.start_ms,
            end_ms=run.end_ms,
            artifact_uri=run.artifact_uri,
            tags=run.tags,
            params=len(run.params),
            last_epoch=run.epochs,
        )


def _of_database(uri: str, experiment_id: str, metrics: Collection[str]) -> Iterator[Seen]:
    from sqlalchemy import func, select

    runs, params, points, tag = tables()
    active = (runs.experiment_id == int(experiment_id)) & (runs.lifecycle_stage == "active")
    of_experiment = select(runs.run_uuid).where(active)

    def counted(of: Any, *where: Any) -> Any:
        return select(of.run_uuid, func.count()).where(of.run_uuid.in_(of_experiment), *where).group_by(of.run_uuid)

    with data_base(uri) as connection:
        params_of = dict(map(tuple, connection.execute(counted(params))))
        points_of = dict(map(tuple, connection.execute(counted(points, points.key.in_(sorted(metrics))))))
        tags: dict[str, dict[str, str]] = {}
        query = select(tag.run_uuid, tag.key, tag.value).where(
            tag.run_uuid.in_(of_experiment), ~tag.key.like("mlflow.%")
        )
        for run_id, name, value in connection.execute(query):
            tags.setdefault(run_id, {})[name] = value
        columns = (runs.run_uuid, runs.name, runs.status, runs.start_time, runs.end_time, runs.artifact_uri)
        found = connection.execute(select(*columns).where(active).order_by(runs.start_time)).all()
    for run_id, name, status, start_ms, end_ms, artifact_uri in found:
        yield Seen(
            run_id=run_id,
            name=name,
            status=status,
            start_ms=start_ms,
            end_ms=end_ms,
            artifact_uri=artifact_uri,
            tags=tags.get(run_id, {}),
            params=params_of.get(run_id, 0),
            points=points_of.get(run_id, 0),
        )
