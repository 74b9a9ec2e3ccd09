"""Points by epoch, in few calls: MLflow's client would take one a run and metric."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from tuning.store.address import is_database

if TYPE_CHECKING:
    from mlflow import MlflowClient

_RUNS_A_REQUEST = 100
_ROWS_A_REQUEST = 25_000
_RUNS_A_QUERY = 500


class Point(NamedTuple):
    """One metric of one run at one epoch."""

    run_id: str
    metric: str
    epoch: int
    value: float


Row = tuple[str, str, int, int, float]
"""Run, metric, epoch, timestamp, value: sorted so, the latest of an epoch comes last."""


def read_history(client: "MlflowClient", uri: str, run_ids: Sequence[str], metrics: Sequence[str]) -> list[Point]:
    """Return the points of several runs, one an epoch.

    Args:
        client: of that store.
        uri: its resolved tracking URI.
        run_ids: the runs.
        metrics: the names.

    Returns:
        The points ordered by run, metric and epoch. Of several at one epoch the latest stays.
    """
    rows = _from_database(uri, run_ids, metrics) if is_database(uri) else _from_server(client, uri, run_ids, metrics)
    latest = {(run, metric, epoch): value for run, metric, epoch, _, value in sorted(rows)}
    return [Point(run, metric, epoch, value) for (run, metric, epoch), value in latest.items()]


def _from_database(uri: str, run_ids: Sequence[str], metrics: Sequence[str]) -> Iterator[Row]:
    from mlflow.store.db.utils import create_sqlalchemy_engine

    engine: Any = create_sqlalchemy_engine(uri)  # type: ignore[no-untyped-call]
    try:
        with engine.connect() as connection:
            for start in range(0, len(run_ids), _RUNS_A_QUERY):
                query = _query(run_ids[start : start + _RUNS_A_QUERY], metrics)
                yield from map(tuple, connection.execute(query))
    finally:
        engine.dispose()


def _query(run_ids: Sequence[str], metrics: Sequence[str]) -> Any:
    from mlflow.store.tracking.dbmodels.models import SqlMetric
    from sqlalchemy import select

    table: Any = SqlMetric
    columns = (table.run_uuid, table.key, table.step, table.timestamp, table.value)
    return select(*columns).where(table.run_uuid.in_(run_ids), table.key.in_(metrics), table.is_nan.is_(False))


def _from_server(client: "MlflowClient", uri: str, run_ids: Sequence[str], metrics: Iterable[str]) -> Iterator[Row]:
    for metric in metrics:
        for start in range(0, len(run_ids), _RUNS_A_REQUEST):
            yield from _requested(client, uri, run_ids[start : start + _RUNS_A_REQUEST], metric)


def _requested(client: "MlflowClient", uri: str, run_ids: Sequence[str], metric: str) -> Iterator[Row]:
    """Ask the server for one metric of several runs, of fewer where the answer was cut off.

    Yields:
        Its rows.
    """
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request, verify_rest_response

    if len(run_ids) == 1:
        for point in client.get_metric_history(run_ids[0], metric):
            yield run_ids[0], point.key, point.step, point.timestamp, point.value
        return
    endpoint = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"
    asked = [("metric_key", metric), ("max_results", str(_ROWS_A_REQUEST))]
    asked += [("run_id", run_id) for run_id in run_ids]
    server: Any = get_default_host_creds(uri)  # type: ignore[no-untyped-call]
    answer: Any = http_request(server, endpoint, "GET", params=asked)  # type: ignore[no-untyped-call]
    points = verify_rest_response(answer, endpoint).json()["metrics"]
    if len(points) < _ROWS_A_REQUEST:
        for point in points:
            yield point["run_id"], point["key"], point["step"], point["timestamp"], point["value"]
        return
    half = len(run_ids) // 2
    yield from _requested(client, uri, run_ids[:half], metric)
    yield from _requested(client, uri, run_ids[half:], metric)
