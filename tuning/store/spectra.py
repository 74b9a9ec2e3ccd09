"""Singular values and measures of every layer: one small file an epoch, merged into two tables a run.

An epoch's layers are written where the driver runs, at once and as a whole (``parts/<key>/<epoch>.arrow``),
so that nothing is lost with the driver or with the store. When the run ends its parts become
``spectra.parquet`` (a row a singular value) and ``layers.parquet`` (a row a layer and view), some rows of one
epoch in memory at a time. A layer whose vector was thinned has its row in ``layers.parquet`` alone. There a measure
that is no number is null, and the column ``missing`` says why, as JSON: ``{"alpha": "there are fewer than 8 values"}``;
it is itself null in what was stored before reasons were.

Rows are ordered by epoch, in groups whose statistics tell a reader which of them hold an epoch, so that a few
epochs of a long run are read without the rest.
"""

import dataclasses
import heapq
import itertools
import json
import math
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc
import pyarrow.parquet as pq

from tuning.records import LAYERS_FILE, SPECTRA_FILE, LayerRecord
from tuning.whole_files import replacing

_NAMES = pa.dictionary(pa.int32(), pa.string())
_SPECTRA = pa.schema([
    ("epoch", pa.int32()),
    ("layer", _NAMES),
    ("view", _NAMES),
    ("index", pa.int32()),
    ("value", pa.float32()),
])
_LAYERS = pa.schema([
    ("epoch", pa.int32()),
    ("layer", _NAMES),
    ("view", _NAMES),
    ("routine", _NAMES),
    ("missing", _NAMES),
])
_PART = pa.schema([
    ("layer", pa.string()),
    ("view", pa.string()),
    ("routine", pa.string()),
    ("missing", pa.string()),
    ("values", pa.list_(pa.float32())),
])
_GROUP_ROWS = 1 << 18
_ENCODINGS = {
    "index": "DELTA_BINARY_PACKED",  # counts up within a layer: almost nothing is left of it
    "value": "BYTE_STREAM_SPLIT",  # neighbours in a descending vector share their exponent and first bits
}


class Parts:
    """The layers of epochs whose run has not ended, a file an epoch.

    Args:
        folder: the study's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "parts"

    def write(self, key: str, epoch: int, layers: Sequence[LayerRecord]) -> None:
        """Keep the layers of one epoch; those of an earlier report of the same epoch are replaced.

        Args:
            key: the trial's key.
            epoch: the epoch.
            layers: one entry a weight and view. A vector or a measure that is not finite is left out, because a
                diverged weight has no spectrum; its row stays, and tells by which routine that was found.

        Raises:
            OSError: where the disk is full or gone; no half-written part is left.
        """
        if not layers:
            return
        table = _part([_finite(entry) for entry in layers])
        path = self._folder / key / f"{epoch:08d}.arrow"
        for folder in (self._folder, path.parent):
            folder.mkdir(exist_ok=True)  # the study's own folder is not made again where it has been deleted
        with (
            replacing(path, lasting=True) as part,
            part.open("wb") as file,
            pa.ipc.new_file(file, table.schema) as sink,
        ):
            sink.write_table(table)

    def of(self, key: str) -> list[Path]:
        """Return the parts of a run, by epoch."""
        return sorted((self._folder / key).glob("*.arrow"))

    def keys(self) -> set[str]:
        """Return the keys of the runs that have parts."""
        try:
            return {folder.name for folder in self._folder.iterdir() if any(folder.glob("*.arrow"))}
        except FileNotFoundError:
            return set()

    def damaged(self, parts: Sequence[Path]) -> list[Path]:
        """Return those that cannot be read, because a disk was damaged or full when the machine died.

        Args:
            parts: as `of` has returned them.
        """
        return [path for path in parts if not _is_whole(path)]

    def drop(self, parts: Sequence[Path]) -> None:
        """Delete parts that are merged and stored, and their folder with the last."""
        for path in parts:
            path.unlink(missing_ok=True)
        for folder in {path.parent for path in parts}:
            with suppress(OSError):  # a part has come since
                folder.rmdir()


def _is_whole(path: Path) -> bool:
    try:
        _read_schema(path)
    except (OSError, pa.ArrowException):
        return False
    return True


def merge(parts: Sequence[Path], folder: Path, previous: Callable[[str], Path | None]) -> list[Path]:
    """Write the two tables of a run from its parts, and from the tables already stored where it went on.

    Args:
        parts: what `Parts.of` returned.
        folder: where to write ``spectra.parquet`` and ``layers.parquet``.
        previous: finds the table of that name as it is stored now, ``None`` where there is none. Its epochs
            stay, except those that the parts hold anew.

    Returns:
        The paths of the two tables.
    """
    renewed = pa.array([_epoch(path) for path in parts], pa.int32())
    spectra, layers = folder / SPECTRA_FILE, folder / LAYERS_FILE
    vectors = itertools.chain.from_iterable(_spectra(_epoch(path), _read(path)) for path in parts)
    _write(spectra, _SPECTRA, _by_epoch(_kept(previous(SPECTRA_FILE), renewed), vectors))
    stored = previous(LAYERS_FILE)
    measures = (_layers(_epoch(path), _read(path)) for path in parts)
    schema = _layers_schema([*([pq.read_schema(stored)] if stored else []), *map(_read_schema, parts)])
    _write(layers, schema, _by_epoch(_kept(stored, renewed), measures))
    return [spectra, layers]


def _values(entry: LayerRecord) -> np.ndarray:
    return np.frombuffer(entry.singular_values, dtype=np.float32)


def _finite(entry: LayerRecord) -> LayerRecord:
    measures = {name: number for name, number in entry.measures.items() if math.isfinite(number)}
    missing = dict.fromkeys(entry.measures.keys() - measures.keys(), "not a finite number") | dict(entry.missing)
    values = entry.singular_values if np.isfinite(_values(entry)).all() else array("f")
    return dataclasses.replace(entry, singular_values=values, measures=measures, missing=missing)


def _part(layers: Sequence[LayerRecord]) -> pa.Table:
    measures = sorted({name for entry in layers for name in entry.measures})
    assert not set(measures) & {*_PART.names, *_LAYERS.names}, f"a measure has the name of a column: {measures}"
    spectra = [_values(entry) for entry in layers]
    starts = np.cumsum([0, *map(len, spectra)], dtype=np.int32)
    flat = np.concatenate([np.empty(0, np.float32), *spectra])
    columns = [
        pa.array([entry.layer for entry in layers], pa.string()),
        pa.array([entry.view for entry in layers], pa.string()),
        pa.array([entry.routine for entry in layers], pa.string()),
        pa.array([_text(entry.missing) for entry in layers], pa.string()),
        pa.ListArray.from_arrays(pa.array(starts), pa.array(flat)),
        *(pa.array([entry.measures.get(name) for entry in layers], pa.float64()) for name in measures),
    ]
    schema = pa.schema([*_PART, *((name, pa.float64()) for name in measures)])
    return pa.table(columns, schema=schema)


def _text(missing: Mapping[str, str]) -> str:
    return json.dumps(dict(missing), ensure_ascii=False, sort_keys=True)


def _epoch(part: Path) -> int:
    return int(part.stem)


def _read(part: Path) -> pa.Table:
    with pa.memory_map(str(part)) as source:
        return pa.ipc.open_file(source).read_all()


def _read_schema(part: Path) -> pa.Schema:
    with pa.memory_map(str(part)) as source:
        return pa.ipc.open_file(source).schema


def _spectra(epoch: int, part: pa.Table) -> Iterator[pa.Table]:
    """Give every singular value its row, no more of them at once than a row group has.

    Yields:
        The rows of an epoch, in the order of the part; nothing where it kept no vectors.
    """
    values = part["values"].combine_chunks().flatten()
    lengths = pc.list_value_length(part["values"]).to_numpy()
    ends = np.cumsum(lengths)
    layers, views = (part[name].combine_chunks().dictionary_encode() for name in ("layer", "view"))
    for start in range(0, len(values), _GROUP_ROWS):
        places = np.arange(start, min(start + _GROUP_ROWS, len(values)))
        entries = np.searchsorted(ends, places, side="right")
        columns = [
            pa.array(np.full(len(places), epoch, np.int32)),
            layers.take(pa.array(entries)),
            views.take(pa.array(entries)),
            pa.array((places - (ends - lengths)[entries]).astype(np.int32)),
            values.slice(start, len(places)),
        ]
        yield pa.table(columns, schema=_SPECTRA)


def _layers(epoch: int, part: pa.Table) -> pa.Table:
    measures = part.drop_columns(["values"])
    return measures.add_column(0, "epoch", pa.array(np.full(part.num_rows, epoch, np.int32)))


def _layers_schema(sources: Sequence[pa.Schema]) -> pa.Schema:
    measures = sorted({name for schema in sources for name in schema.names} - {*_PART.names, *_LAYERS.names})
    return pa.schema([*_LAYERS, *((name, pa.float64()) for name in measures)])


def _kept(stored: Path | None, renewed: pa.Array) -> Iterator[pa.Table]:
    """Read what stays of a stored table, no more than one epoch in a piece.

    Yields:
        The pieces, in the table's order.
    """
    if stored is None:
        return
    with pq.ParquetFile(stored) as table:
        for batch in table.iter_batches(_GROUP_ROWS):
            rows = pa.Table.from_batches([batch])
            rows = rows.filter(pc.invert(pc.is_in(rows["epoch"], renewed)))
            epochs = rows["epoch"].to_numpy()
            cuts = [0, *(np.flatnonzero(np.diff(epochs)) + 1).tolist(), len(epochs)]
            yield from (rows.slice(start, end - start) for start, end in itertools.pairwise(cuts))


def _by_epoch(*sources: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Bring stored and new epochs into one order: a resumed run may repeat one amid those already stored."""
    there = (filter(len, source) for source in sources)  # an epoch whose vectors were thinned has no rows
    return heapq.merge(*there, key=lambda table: table["epoch"][0].as_py())


def _write(path: Path, schema: pa.Schema, tables: Iterator[pa.Table]) -> None:
    """Stream tables into one file, in row groups large enough to compress well and small enough to be skipped."""
    options: dict[str, Any] = {
        "compression": "zstd",
        "use_dictionary": [name for name in schema.names if name not in _ENCODINGS],
        "column_encoding": {name: how for name, how in _ENCODINGS.items() if name in schema.names} or None,
    }
    with pq.ParquetWriter(path, schema, **options) as sink:
        waiting: list[pa.Table] = []
        for table in tables:
            waiting.append(_fit(table, schema))
            if sum(rows.num_rows for rows in waiting) >= _GROUP_ROWS:
                sink.write_table(pa.concat_tables(waiting), row_group_size=_GROUP_ROWS)
                waiting.clear()
        if waiting:
            sink.write_table(pa.concat_tables(waiting), row_group_size=_GROUP_ROWS)


def _fit(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Give a table the columns of the schema; a measure that it lacks is null."""
    columns = [
        table[column.name].cast(column.type) if column.name in table.column_names else pa.nulls(len(table), column.type)
        for column in schema
    ]
    return pa.table(columns, schema=schema)
