"""The two tables of each run, kept beside the journal, so that a store that loses them is given them again."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pyarrow.compute as pc
import pyarrow.parquet as pq

from tuning.records import LAYERS_FILE, SPECTRA_FILE
from tuning.store.spectra import Parts, merge
from tuning.whole_files import put

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """The tables of one run that could be gathered, and what of them is damaged or gone.

    Attributes:
        paths: the tables; none where the run was never measured, or theirs were lost.
        damaged: the parts that cannot be read, and wait to be mended.
        epochs: how many epochs the tables hold.
    """

    paths: Sequence[Path]
    damaged: Sequence[Path]
    epochs: int


class Tables:
    """``<study>/spectra/<key>/``: what was measured of each run whose parts have been merged.

    Args:
        folder: the study's folder.
        parts: the layers of the epochs that have not been.
    """

    def __init__(self, folder: Path, parts: Parts) -> None:
        self._folder = folder / "spectra"
        self._parts = parts

    def gather(self, key: str, stored: Callable[[str], Path | None], deleted: Callable[[str], Path | None]) -> Gathered:
        """Merge a run's parts with what was merged before; repeated, it changes nothing.

        Args:
            key: the trial's.
            stored: finds a table of that name in the store, for a run whose tables are not kept here.
            deleted: finds one with a run of that key that somebody has deleted.

        Raises:
            OSError: where the disk is full or gone; the parts and the tables before are as they were.
        """
        there = self._parts.of(key)
        damaged = self._parts.damaged(there)
        parts = [path for path in there if path not in damaged]
        if parts:
            self._merge(key, parts, stored)
        elif not self.of(key):
            self._take_back(key, lambda name: stored(name) or deleted(name))
        paths = self.of(key)
        return Gathered(paths=paths, damaged=damaged, epochs=_epochs(paths))

    def of(self, key: str) -> list[Path]:
        """Return the tables of a run that are kept here; none where one of them is gone."""
        paths = [self._folder / key / name for name in TABLES]
        return paths if all(path.is_file() for path in paths) else []

    def sizes(self, key: str) -> dict[str, int]:
        """Return the sizes of the tables of a run that are kept here, by name."""
        return {path.name: path.stat().st_size for path in self.of(key)}

    def waiting(self) -> set[str]:
        """Return the keys of the runs of which parts are not merged yet."""
        return self._parts.keys()

    def _merge(self, key: str, parts: Sequence[Path], stored: Callable[[str], Path | None]) -> None:
        own = self._folder_of(key)

        def before(name: str) -> Path | None:
            kept = own / name
            return kept if kept.is_file() else stored(name)

        with tempfile.TemporaryDirectory(prefix="merging-", dir=own) as name:
            for path in merge(parts, Path(name), before):
                put(path, own / path.name, lasting=True)
        self._parts.drop(parts)

    def _take_back(self, key: str, stored: Callable[[str], Path | None]) -> None:
        """Keep again what the store has, where this folder has lost it."""
        found = [path for name in TABLES if (path := stored(name)) is not None]
        if len(found) < len(TABLES):
            return
        own = self._folder_of(key)
        with tempfile.TemporaryDirectory(prefix="merging-", dir=own) as name:
            for path in found:
                put(Path(shutil.copy(path, name)), own / path.name, lasting=True)

    def _folder_of(self, key: str) -> Path:
        own = self._folder / key
        for folder in (self._folder, own):
            folder.mkdir(exist_ok=True)  # the study's own folder is not made again where it has been deleted
        return own


TABLES = (SPECTRA_FILE, LAYERS_FILE)
"""The tables of a run, which has both or none."""


def digests(paths: Sequence[Path]) -> str:
    """Return what the tag `FILES` says of tables.

    Args:
        paths: the tables.
    """
    return json.dumps({path.name: {"bytes": path.stat().st_size, "sha256": sha256(path)} for path in paths})


def sizes(tag: str | None) -> dict[str, int]:
    """Return the sizes that a tag `FILES` states, by name; none where it is no such tag.

    Args:
        tag: its value, None where the run has none.
    """
    return _stated(tag, "bytes", int)


def sha256s(tag: str | None) -> dict[str, str]:
    """Return the digests that a tag `FILES` states, by name; none where it is no such tag.

    Args:
        tag: its value, None where the run has none.
    """
    return _stated(tag, "sha256", str)


def _stated(tag: str | None, what: str, kind: Callable[[Any], T]) -> dict[str, T]:
    try:
        return {str(name): kind(file[what]) for name, file in json.loads(tag or "{}").items()}
    except (ValueError, TypeError, KeyError, AttributeError):  # edited by hand
        return {}


def sha256(path: Path) -> str:
    """Return a file's digest.

    Args:
        path: the file.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _epochs(tables: Sequence[Path]) -> int:
    """Return how many epochs are in the table of measures."""
    found = [path for path in tables if path.name == LAYERS_FILE]
    return len(pc.unique(pq.read_table(found[0], columns=["epoch"])["epoch"])) if found else 0
