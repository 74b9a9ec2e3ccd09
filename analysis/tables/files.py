"""The tables of single runs: read where they are whole, noted where they are missing or damaged."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from analysis.notation import count


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A file that a run was given, and that cannot be read.

    Attributes:
        run_id: the run's.
        name: of the file.
        place: where it is, or where it was stored.
        damage: what is wrong with it; empty where it is missing.
    """

    run_id: str
    name: str
    place: str
    damage: str = ""


@dataclass(kw_only=True)
class Files:
    """The files of a study's runs.

    A file that is lost takes its run's rows with it, and nothing else: the others are read, and `lost` tells of it.

    Attributes:
        fetch: ``(run_id, file name)`` to the local path of that run's file, None where there is none.
        stated: a run's id to the files that it was given: where each was stored, by name.
        lost: what could not be read so far, in the order in which it was asked for.
    """

    fetch: Callable[[str, str], Path | None]
    stated: Callable[[str], Mapping[str, str]]
    lost: list[Lost] = field(default_factory=list, init=False)
    _paths: dict[tuple[str, str], Path | None] = field(default_factory=dict, init=False)

    def path(self, run_id: str, name: str) -> Path | None:
        """Return the local path of a run's file, None where it has none that can be read.

        Args:
            run_id: the run.
            name: the file's.
        """
        if (run_id, name) not in self._paths:
            self._paths[run_id, name] = self._readable(run_id, name)
        return self._paths[run_id, name]

    def rows(
        self,
        name: str,
        run_ids: Iterable[str],
        *,
        view: str | None = None,
        epoch: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> Iterator[tuple[str, pa.Table]]:
        """Read one run's file after the other, so that memory holds one at a time.

        Args:
            name: `records.SPECTRA_FILE` or `records.LAYERS_FILE`.
            run_ids: which runs; those that have no such file are passed over.
            view: keep the rows of one view; None keeps all.
            epoch: keep the rows of one epoch; None keeps all.
            columns: read these alone; None reads all.

        Yields:
            The run's id and its rows.
        """
        for run_id in run_ids:
            path = self.path(run_id, name)
            if path is None:
                continue
            try:
                table = _scanner(path, view, epoch, columns).to_table()
            except (OSError, pa.ArrowException) as error:
                self._damaged(run_id, name, path, error)
                continue
            yield run_id, table

    def batches(
        self, name: str, run_id: str, *, view: str | None = None, columns: Sequence[str]
    ) -> Iterator[pa.RecordBatch]:
        """Read one run's file piece by piece, where even one would fill the memory.

        Args:
            name: `records.SPECTRA_FILE` or `records.LAYERS_FILE`.
            run_id: the run.
            view: keep the rows of one view; None keeps all.
            columns: read these alone.

        Yields:
            Some rows, at least one, in the order of the file, up to where it is damaged; nothing where the run has no
            such file.
        """
        path = self.path(run_id, name)
        if path is None:
            return
        batches = _scanner(path, view, None, columns).to_batches()
        while True:
            try:
                batch = next(batches, None)
            except (OSError, pa.ArrowException) as error:
                self._damaged(run_id, name, path, error)
                return
            if batch is None:
                return
            if batch.num_rows:
                yield batch

    def _readable(self, run_id: str, name: str) -> Path | None:
        """Find a file, and see that it ends as a Parquet file does, which one that was cut does not."""
        path = self.fetch(run_id, name)
        if path is None:
            stated = self.stated(run_id)
            if name in stated:  # without it, the run ended before its first measurement
                self.lost.append(Lost(run_id=run_id, name=name, place=stated[name]))
            return None
        try:
            pq.read_metadata(path)
        except (OSError, pa.ArrowException) as error:
            self._damaged(run_id, name, path, error)
            return None
        return path

    def _damaged(self, run_id: str, name: str, path: Path, error: Exception) -> None:
        self._paths[run_id, name] = None  # it is told once, and not read again
        reason = " ".join(str(error).split())[:200]
        self.lost.append(Lost(run_id=run_id, name=name, place=str(path), damage=reason))


def _scanner(path: Path, view: str | None, epoch: int | None, columns: Sequence[str] | None) -> ds.Scanner:
    """Prepare to read a file: columns that it lacks, having been stored before they were, are left out."""
    stored = ds.dataset(path, format="parquet")
    there = None if columns is None else [column for column in columns if column in stored.schema.names]
    wanted = [ds.field(field) == value for field, value in (("view", view), ("epoch", epoch)) if value is not None]
    # Rows lie in groups that know their least and largest epoch and view: groups without those wanted are not read.
    return stored.scanner(columns=there, filter=reduce(and_, wanted) if wanted else None, batch_readahead=2)


MOST_NAMED = 5
"""Damaged files above which the rest is counted."""


def lost_files(lost: Sequence[Lost], keys: Mapping[str, str], study: str) -> list[str]:
    """Say which files could not be read, and what brings them back.

    Args:
        lost: of a study's runs.
        keys: the runs' names by id.
        study: its name.

    Returns:
        A sentence on all that are missing, one for each that is damaged; none where all were read.
    """
    cure = f"`python -m tuning replay {study}`, where its results folder is, stores"
    missing = [file for file in lost if not file.damage]
    damaged = [file for file in lost if file.damage]
    told = []
    if missing:
        runs = list(dict.fromkeys(keys[file.run_id] for file in missing))
        names = " and ".join(sorted({file.name for file in missing}))
        told.append(
            f"Missing: {names} of {count(len(runs), 'run')} read here ({_first(runs)}), stored as {missing[0].place} "
            f"and looked for there and beside the store; put back its folder mlartifacts, or {cure} them again."
        )
    told += [
        f"Damaged: {file.name} of {keys[file.run_id]} ({file.place}: {file.damage}); {cure} it again."
        for file in damaged[:MOST_NAMED]
    ]
    if len(damaged) > MOST_NAMED:
        told.append(f"Damaged: {count(len(damaged) - MOST_NAMED, 'more file')}.")
    return told


def _first(runs: Sequence[str]) -> str:
    return ", ".join(runs[:MOST_NAMED]) + (", …" if len(runs) > MOST_NAMED else "")
