"""Names of MLflow that are not its public ones: all that the store uses, each with the reason why no public one serves.

`tests/tuning/store/test_compat.py` says of each what breaks when an MLflow comes that does not have it. MLflow is
imported where a store is first opened, and so in each function.
"""

from collections.abc import Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator

    from mlflow.entities import Run


@contextmanager
def data_base(tracking_uri: str) -> "Generator[Any]":
    """Connect to a data base of MLflow's as MLflow itself does, with the pools and certificates that it is told of.

    Its client makes an object of every point and tries a data base that is away for a hundred seconds.

    Args:
        tracking_uri: the store, resolved.

    Yields:
        SQLAlchemy's connection.
    """
    from mlflow.store.db.utils import create_sqlalchemy_engine

    engine: Any = create_sqlalchemy_engine(tracking_uri)  # type: ignore[no-untyped-call]
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def tables() -> tuple[Any, Any, Any, Any]:
    """Return the columns of the tables of runs, parameters, metrics and tags: there is no public name of a table."""
    from mlflow.store.tracking.dbmodels.models import SqlMetric, SqlParam, SqlRun, SqlTag

    models: tuple[Any, ...] = (SqlRun, SqlParam, SqlMetric, SqlTag)
    runs, params, points, tags = (model.__table__.c for model in models)
    return runs, params, points, tags


def bulk_history(uri: str, run_ids: Sequence[str], metric: str, most: int) -> list[Any]:
    """Ask a tracking server for one metric of several runs, by the call of MLflow's own pages.

    Its client asks once a run and metric.

    Args:
        uri: of the server.
        run_ids: the runs.
        metric: its name.
        most: points that the answer may have.

    Returns:
        The points, as mappings; where there are so many, others may have been cut off.
    """
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request, verify_rest_response

    endpoint = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"
    params = [("metric_key", metric), ("max_results", str(most)), *(("run_id", run_id) for run_id in run_ids)]
    server: Any = get_default_host_creds(uri)  # type: ignore[no-untyped-call]
    answer: Any = http_request(server, endpoint, "GET", params=params)  # type: ignore[no-untyped-call]
    points: list[Any] = verify_rest_response(answer, endpoint).json()["metrics"]
    return points


def last_step(run: "Run") -> int:
    """Return the last step of which a run has a point, 0 where it has none: the public ``metrics`` drop the steps.

    Args:
        run: as MLflow's client returns it.
    """
    return max((point.step for point in run.data.to_proto().metrics), default=0)
