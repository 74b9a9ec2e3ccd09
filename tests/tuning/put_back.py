"""Stores that can be put back to an older state, as a data base is from its dump."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.postgresql import PostgreSQL


class SQLiteStore:
    """A file, saved and put back by SQLite's own means, which works while others have it open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.study = "study"
        self.uri = f"sqlite:///{folder}/mlflow.db"

    def save(self, name: str) -> None:
        self._copy(self._folder / "mlflow.db", self._folder / f"{name}.saved")

    def put_back(self, name: str) -> None:
        self._copy(self._folder / f"{name}.saved", self._folder / "mlflow.db")

    def _copy(self, source: Path, target: Path) -> None:
        with closing(sqlite3.connect(source)) as there, closing(sqlite3.connect(target, timeout=30)) as here:
            there.backup(here)


class ServedStore:
    """A tracking server that others use too; its data base is not ours to put back."""

    def __init__(self, port: int, study: str) -> None:
        self.study = study
        self.uri = f"http://127.0.0.1:{port}"


class PostgreSQLStore:
    """A data base, saved and put back as a whole; whoever is connected meanwhile loses his connection."""

    def __init__(self, server: PostgreSQL) -> None:
        self._server = server
        self.study = "study"
        self.uri = server.base()
        self._name = self.uri.partition("?")[0].rpartition("/")[2]

    def save(self, name: str) -> None:
        self._copy(self._name, f"{self._name}_{name}")

    def put_back(self, name: str) -> None:
        self._copy(f"{self._name}_{name}", self._name)

    def _copy(self, source: str, target: str) -> None:
        admin = self._server.server.get_uri()
        ends = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{source}'"
        for command in (ends, f"DROP DATABASE IF EXISTS {target} WITH (FORCE)"):
            self._server.ask(admin, command)
        self._server.ask(admin, f"CREATE DATABASE {target} TEMPLATE {source}")
