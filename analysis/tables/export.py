"""A study's tables as files, for one's own notebook."""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from analysis.notation import size
from analysis.tables.files import Lost
from analysis.tables.study_tables import GROUPING, Tables
from tuning import records
from tuning.whole_files import replacing


class ExportFormat(StrEnum):
    """How tables are written."""

    PARQUET = "parquet"
    CSV = "csv"


MOST_CSV_ROWS = 10_000_000
"""Singular values above which they are not written as CSV: some 1.5 GB, which no spreadsheet opens."""

_OPEN: dict[ExportFormat, Callable[[Path, pa.Schema], Any]] = {
    ExportFormat.PARQUET: lambda path, schema: pq.ParquetWriter(path, schema, compression="zstd"),
    ExportFormat.CSV: pa.csv.CSVWriter,
}
_TAGS = pa.schema([("run_id", pa.string()), *((tag, pa.string()) for tag in GROUPING if tag != "seed")])
_SEED = pa.field("seed", pa.int64())


def export(tables: Tables, folder: Path, how: ExportFormat, *, spectra: bool = False) -> dict[str, int]:
    """Write what a study has stored, tidy: one row a run, one a run and epoch, one a run, epoch, layer and view.

    Every row has the run's id and its tags, so that each file can be used by itself. What grows with layers is written
    a run at a time. A file appears when it is whole, and replaces an earlier one. Where files of runs are missing or
    damaged, ``lost`` has a row for each.

    Args:
        tables: the study's.
        folder: where to write ``runs``, ``epochs`` and ``layers``; made where it is new.
        how: Parquet keeps types and takes a tenth of the room or less; CSV is read by everything.
        spectra: write ``spectra``, too: one row a singular value, which are many.

    Returns:
        Rows by the file's name.

    Raises:
        ValueError: the folder cannot be written to, or there are too many singular values for CSV.
    """
    if spectra and how is ExportFormat.CSV:
        _check_size(tables)
    files: dict[str, tuple[pa.Schema, Iterable[pa.Table]]] = {}
    for name, frame in (("runs", tables.runs.reset_index()), ("epochs", tables.epochs)):
        plain = _plain(frame)
        files[name] = (plain.schema, [plain])
    by_run = {"layers": records.LAYERS_FILE, **({"spectra": records.SPECTRA_FILE} if spectra else {})}
    for name, file in by_run.items():
        files[name] = (_schema(tables, file), _by_run(tables, file))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        rows = {f"{name}.{how}": _write(folder / f"{name}.{how}", *file, how) for name, file in files.items()}
        return rows | _write_lost(tables, folder / f"lost.{how}", how)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ValueError(f"--out must be a folder that can be written to, got {str(folder)!r} ({reason})") from error


def _check_size(tables: Tables) -> None:
    """See that the singular values are not too many for CSV, from what the files say of themselves.

    Raises:
        ValueError: they are, with what they would take.
    """
    paths = [path for run_id in tables.runs.index if (path := tables.files.path(run_id, records.SPECTRA_FILE))]
    rows = sum(pq.read_metadata(path).num_rows for path in paths)
    if rows > MOST_CSV_ROWS:
        first = next(_by_run(tables, records.SPECTRA_FILE)).slice(0, 10_000)
        sample = pa.BufferOutputStream()
        pa.csv.write_csv(first, sample)
        would = size(rows * sample.tell() / len(first))
        raise ValueError(
            f"--spectra as CSV may have {MOST_CSV_ROWS:,} rows, got {rows:,} (about {would}); leave --format csv out: "
            "Parquet takes a tenth of it or less"
        )


def _write(path: Path, schema: pa.Schema, source: Iterable[pa.Table], how: ExportFormat) -> int:
    """Stream tables into one file."""
    rows = 0
    with replacing(path, lasting=False) as part, _OPEN[how](part, schema) as sink:
        for table in source:
            sink.write_table(_fit(table, schema))
            rows += len(table)
    return rows


def _write_lost(tables: Tables, path: Path, how: ExportFormat) -> dict[str, int]:
    """Write which files could not be read; of an export that lacks nothing there is no such table."""
    path.unlink(missing_ok=True)
    lost = tables.files.lost
    if not lost:
        return {}
    table = pa.concat_tables(_tagged(tables, file.run_id, _row(file)) for file in lost)
    return {path.name: _write(path, table.schema, [table], how)}


def _row(lost: Lost) -> pa.Table:
    named = {"file": lost.name, "problem": "damaged" if lost.damage else "missing", "place": lost.place}
    return pa.Table.from_pylist([{**named, "damage": lost.damage}])


def _schema(tables: Tables, name: str) -> pa.Schema:
    """The columns that any run's file has, from what each says of itself, and the tags before them."""
    paths = (tables.files.path(run_id, name) for run_id in tables.runs.index)
    stored = (_unpacked_schema(pq.read_schema(path)) for path in paths if path is not None)
    return pa.unify_schemas([pa.schema([*_TAGS, _SEED]), *stored])


def _fit(table: pa.Table, schema: pa.Schema) -> pa.Table:
    there = set(table.column_names)
    columns = [table[field.name] if field.name in there else pa.nulls(len(table), field.type) for field in schema]
    return pa.table(columns, schema=schema)


def _by_run(tables: Tables, name: str) -> Iterator[pa.Table]:
    """Yield a run's rows at a time, its tags before them."""
    for run_id, rows in tables.files.rows(name, tables.runs.index):
        yield _tagged(tables, run_id, rows)


def _tagged(tables: Tables, run_id: str, rows: pa.Table) -> pa.Table:
    """Put a run's id and its tags before its rows."""
    tags = [run_id, *(str(tables.runs.at[run_id, tag]) for tag in GROUPING if tag != "seed")]
    columns = [pa.array([tag] * len(rows), pa.string()) for tag in tags]
    seed = pa.array([tables.runs.at[run_id, "seed"]] * len(rows), pa.int64())
    plain = [_unpacked(rows[column]) for column in rows.column_names]
    fields = [*_TAGS, _SEED, *(pa.field(n, c.type) for n, c in zip(rows.column_names, plain, strict=True))]
    return pa.table([*columns, seed, *plain], schema=pa.schema(fields))


def _unpacked(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write a dictionary's texts out: its numbers are a run's own."""
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _unpacked_schema(schema: pa.Schema) -> pa.Schema:
    dictionary = pa.types.is_dictionary
    return pa.schema([
        pa.field(field.name, field.type.value_type if dictionary(field.type) else field.type) for field in schema
    ])


def _plain(frame: pd.DataFrame) -> pa.Table:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    columns = [_unpacked(table[name]) for name in table.column_names]
    return pa.table(columns, names=table.column_names)
