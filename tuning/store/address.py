"""Where the store is: a tracking URI, its default, and the ways to write one wrongly.

Nothing here imports MLflow, so that a mistyped URI is told at once.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

from tuning.nearest import nearest
from tuning.secrets import hide_password

_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
_SERVERS = ("http", "https")
_DEFAULT = "sqlite:///mlflow.db"
_SQLITE = "sqlite:///"


def resolve_tracking_uri(given: str | None = None) -> str:
    """Return the tracking URI to use: the given one, else ``MLFLOW_TRACKING_URI``, else ``sqlite:///mlflow.db``.

    A relative SQLite path is made absolute, so that no later change of the working folder moves the store.

    Args:
        given: what the user asked for, if anything.

    Returns:
        The URI, checked for its form but not yet for a store behind it.

    Raises:
        ValueError: for a URI that no store can have.

    Examples:
        >>> resolve_tracking_uri("http://127.0.0.1:5000")
        'http://127.0.0.1:5000'
        >>> resolve_tracking_uri("sqlite:////data/mlflow.db")
        'sqlite:////data/mlflow.db'
        >>> resolve_tracking_uri("sqlit:///mlflow.db")
        Traceback (most recent call last):
            ...
        ValueError: a tracking URI must begin with sqlite:, postgresql:, mysql:, mssql:, http: or https:, \
got 'sqlit:///mlflow.db' (did you mean 'sqlite'?); write e.g. sqlite:///mlflow.db or http://127.0.0.1:5000
    """
    uri = given or os.environ.get("MLFLOW_TRACKING_URI") or _DEFAULT
    scheme = uri.partition(":")[0].partition("+")[0] if ":" in uri else ""
    if scheme not in (*_DATABASES, *_SERVERS):
        raise ValueError(_unknown_scheme(uri, scheme))
    if scheme in _SERVERS and not _has_host(uri):
        raise ValueError(
            f"a tracking server's URI must name a host, got {hide_password(uri)!r}; write e.g. http://127.0.0.1:5000"
        )
    return _absolute_sqlite(uri) if scheme == "sqlite" else uri


def is_database(uri: str) -> bool:
    """Say whether MLflow talks to a data base itself under this URI, not to a tracking server."""
    return uri.startswith(_DATABASES)


def sqlite_path(uri: str) -> Path | None:
    """Return the file of a resolved SQLite URI, ``None`` for another kind of store."""
    return Path(uri.removeprefix(_SQLITE).partition("?")[0]) if uri.startswith(_SQLITE) else None


def beside_store(tracking_uri: str) -> Path | None:
    """Return the folder in which a store's artifacts lie by default, None where a server decides that.

    Args:
        tracking_uri: the store.
    """
    if not is_database(tracking_uri):
        return None
    path = sqlite_path(tracking_uri)
    return path.parent if path else Path.cwd()


def has_password(uri: str) -> bool:
    """Say whether a URI holds a user or a password."""
    return hide_password(uri) != uri


def _unknown_scheme(uri: str, scheme: str) -> str:
    if scheme in {"", "file"}:
        return (
            f"the store must be a data base or a tracking server, got the folder {uri!r}, "
            "which MLflow has given up as a store; write e.g. sqlite:///mlflow.db"
        )
    hint = nearest(scheme, [*_DATABASES, *_SERVERS])
    return (
        "a tracking URI must begin with sqlite:, postgresql:, mysql:, mssql:, http: or https:, "
        f"got {hide_password(uri)!r}{hint}; write e.g. sqlite:///mlflow.db or http://127.0.0.1:5000"
    )


def _has_host(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is no number, a bracket left open
        return False


def _absolute_sqlite(uri: str) -> str:
    name = uri.removeprefix(_SQLITE)
    if not uri.startswith(_SQLITE) or name.partition("?")[0] in {"", ":memory:"}:
        raise ValueError(
            f"a SQLite store must be a file, written with three slashes before its path, got {uri!r}; "
            "write e.g. sqlite:///mlflow.db"
        )
    return _SQLITE + str(Path.cwd() / name)
