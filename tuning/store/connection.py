"""Reaching MLflow: one client, quick to fail and silent, and the experiment of a study.

The only place that decides how this process uses MLflow: no telemetry, no progress bars, no log lines on
the terminal (what goes wrong is in the writer's report), and no retries inside MLflow, whose defaults would
hold a caller for four minutes when the server is away. A value that the user has set in the environment
stays.
"""

import logging
import os
import sqlite3
import tempfile
import warnings
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from tuning.secrets import hide_password
from tuning.store.address import beside_store, is_database, sqlite_path
from tuning.store.compat import data_base

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment as StoredExperiment

_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "PGCONNECT_TIMEOUT": "10",  # by itself PostgreSQL's library waits for two minutes
}


class StoreRefusalError(ValueError):
    """A store answers, and may not be written all the same: told as it is, not as one out of reach."""


class PutBackError(LookupError):
    """The store is in the state that it was in before this session: what it has is to be asked again."""


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A study's experiment in a store.

    Attributes:
        id: MLflow's id.
        identity: differs between two experiments even where a new store counts its ids from 1 again.
    """

    id: str
    identity: str


def connect(tracking_uri: str) -> "MlflowClient":
    """Return a client of a store that has answered; one that does not is a ``ValueError``.

    Args:
        tracking_uri: as `resolve_tracking_uri` returns it.

    Returns:
        The client.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with reaching(tracking_uri), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's models use an option that SQLAlchemy has deprecated
        from mlflow import MlflowClient

        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        if is_database(tracking_uri):
            _try_once(tracking_uri)
        with _alone():
            client = MlflowClient(tracking_uri=tracking_uri)
        client.search_experiments(max_results=1)
    return client


@contextmanager
def reaching(tracking_uri: str) -> Generator[None]:
    """Turn whatever a store, its driver or the network raises into one line for the user.

    Args:
        tracking_uri: the store that is being talked to.

    Yields:
        Nothing.

    Raises:
        ValueError: with the reason and the cure.
        StoreRefusalError: as it was raised.
        PutBackError: where the store is in the state that it was in before.
    """
    try:
        yield
    except (StoreRefusalError, PutBackError):
        raise
    except Exception as error:
        reason = describe(error)
        raise ValueError(
            f"the store must be reachable and writable, got {hide_password(tracking_uri)!r} ({reason}); "
            f"{_cure(tracking_uri, reason)}"
        ) from error


def prepare_sqlite(tracking_uri: str) -> None:
    """Make sure that a SQLite store can be written, and let readers in while it is.

    The write-ahead log allows ``mlflow ui`` to read while the driver writes. It is a property of the file, so
    setting it once is enough.

    Args:
        tracking_uri: any resolved URI; one of another kind of store is left alone.

    Raises:
        ValueError: where the file's folder is missing or closed to us, or the file is no data base.
    """
    path = sqlite_path(tracking_uri)
    if path is None:
        return
    if not path.parent.is_dir():
        raise ValueError(
            f"the folder of a SQLite store must exist, got {tracking_uri!r}; "
            f"make the folder {path.parent}, or name another store"
        )
    try:
        with closing(sqlite3.connect(path, timeout=5.0)) as base:
            base.execute("PRAGMA journal_mode = WAL")
            base.execute("BEGIN IMMEDIATE")
            base.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise ValueError(
            f"a SQLite store must be a data base that can be written, got {tracking_uri!r} ({error}); "
            "mend its permissions, stop the process that locks it, or name another store"
        ) from error


def open_experiment(client: "MlflowClient", study: str, tracking_uri: str) -> Experiment:
    """Get or create the experiment of a study, and prove that it can be written.

    Args:
        client: of that store.
        study: the study's name, which is the experiment's.
        tracking_uri: the store's URI, for its artifacts and for messages.

    Returns:
        The experiment.

    Raises:
        ValueError: where the experiment is in MLflow's trash, or the store refuses to be written.
    """
    with reaching(tracking_uri):
        found = client.get_experiment_by_name(study)
        if found is None:
            create_experiment(client, study, artifact_location(study, tracking_uri), {})
            found = client.get_experiment_by_name(study)
        assert found is not None, f"an experiment that exists must be found, got none named {study!r}"
        refuse_deleted(found)
        client.set_experiment_tag(found.experiment_id, "written_by", "spectune")
    return identified(found)


def refuse_deleted(found: "StoredExperiment") -> None:
    """See that an experiment is not in MLflow's trash, which keeps its name from others.

    Args:
        found: as the store has it.

    Raises:
        StoreRefusalError: where it is.
    """
    if found.lifecycle_stage != "active":
        raise StoreRefusalError(
            f"a study's experiment must not be in MLflow's trash, got the deleted experiment {found.name!r}; run "
            f"`mlflow experiments restore --experiment-id {found.experiment_id}`, or rename the study"
        )


def identified(found: "StoredExperiment") -> Experiment:
    """Return an experiment with what tells it from every other.

    Args:
        found: as the store has it.
    """
    return Experiment(id=found.experiment_id, identity=f"{found.experiment_id}/{found.creation_time}")


def describe(error: BaseException) -> str:
    """Say in one line what an error was about: its first cause, without passwords or pages of HTML."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    first = str(error).strip().partition("\n")[0] or type(error).__name__
    return hide_password(first)[:300]


def _cure(tracking_uri: str, reason: str) -> str:
    if "out-of-date database schema" in reason:
        return "run `mlflow db upgrade` on it, or name another store"
    if reason.startswith("No module named"):
        return "install the data base's driver (PostgreSQL: pip install 'psycopg[binary]'), or name another store"
    if "authenticated" in reason or "401" in reason:
        return "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
    start = "start the data base" if is_database(tracking_uri) else "start it with `mlflow server`"
    return f"{start}, mend the URI, or name another store, e.g. sqlite:///mlflow.db"


def _try_once(tracking_uri: str) -> None:
    """Connect to a data base and let go: MLflow itself would try ten times, for a hundred seconds."""
    with data_base(tracking_uri):
        pass


def _alone() -> FileLock:
    """Let one process at a time make the tables of an empty data base; of two at once, one would fail."""
    return FileLock(Path(tempfile.gettempdir()) / f"spectune-{os.getuid()}-store.lock")


def create_experiment(client: "MlflowClient", study: str, location: str | None, tags: Mapping[str, str]) -> None:
    """Make the experiment of a study, unless another process is faster; which one was is read from the experiment.

    Args:
        client: of the store.
        study: the study's name, which is the experiment's.
        location: of its artifacts; None where the store decides.
        tags: that it has from its beginning.

    Raises:
        MlflowException: where the store refuses it.
    """
    from mlflow.exceptions import MlflowException

    try:
        client.create_experiment(study, artifact_location=location, tags=dict(tags))
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def artifact_location(study: str, tracking_uri: str) -> str | None:
    """Return where artifacts go: beside a data base; None where a server decides itself.

    Args:
        study: the study's name.
        tracking_uri: the store.
    """
    beside = beside_store(tracking_uri)
    if beside is None:
        return None
    location = beside / "mlartifacts" / study
    location.mkdir(parents=True, exist_ok=True)
    return str(location)
