"""Points by epoch, in few calls, as columns: MLflow's client takes a call a run and metric, and an object a point."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from tuning.store.address import is_database
from tuning.store.compat import bulk_history, data_base, tables

if TYPE_CHECKING:
    from mlflow import MlflowClient

_RUNS_AT_ONCE = 100
_ROWS_A_REQUEST = 25_000
_ROWS_A_PIECE = 1000  # with more of them alive at once, Python's garbage collector takes longer than the data base

_NAMES = pa.dictionary(pa.int32(), pa.string())
HISTORY = pa.schema([("run_id", _NAMES), ("metric", _NAMES), ("epoch", pa.int64()), ("value", pa.float64())])
"""One row a point."""

Row = Sequence[Any]
"""Run, metric, epoch, timestamp, value."""

Places = Mapping[str, int]
"""Where a name stands among its like."""


def read_history(client: "MlflowClient", uri: str, run_ids: Sequence[str], metrics: Sequence[str]) -> pa.Table:
    """Return the points of several runs, one an epoch.

    Args:
        client: of that store.
        uri: its resolved tracking URI.
        run_ids: the runs.
        metrics: the names.

    Returns:
        The points, as `HISTORY` names them, in the order of the runs and metrics given and of the epochs. Of several
        at one epoch the latest stays.
    """
    groups = [run_ids[start : start + _RUNS_AT_ONCE] for start in range(0, len(run_ids), _RUNS_AT_ONCE)]
    found = _from_database(uri, groups, metrics) if is_database(uri) else _from_server(client, uri, groups, metrics)
    runs, names = ({name: place for place, name in enumerate(given)} for given in (run_ids, metrics))
    tables = [_latest([_columns(rows, runs, names) for rows in pieces if rows], run_ids, metrics) for pieces in found]
    return pa.concat_tables([HISTORY.empty_table(), *tables])


def _columns(rows: Iterable[Row], runs: Places, metrics: Places) -> list[np.ndarray]:
    flat = list(itertools.chain.from_iterable(rows))
    run, metric, epoch, timestamp, value = (flat[place::5] for place in range(5))
    return [
        np.fromiter(map(runs.__getitem__, run), np.int32, len(run)),
        np.fromiter(map(metrics.__getitem__, metric), np.int32, len(metric)),
        np.array(epoch, np.int64),
        np.array(timestamp, np.int64),
        np.array(value, np.float64),
    ]


def _latest(pieces: Sequence[list[np.ndarray]], run_ids: Sequence[str], metrics: Sequence[str]) -> pa.Table:
    """Order points by run, metric, epoch, timestamp and value, and keep the last of each epoch."""
    if not pieces:
        return HISTORY.empty_table()
    columns = [np.concatenate(of_column) for of_column in zip(*pieces, strict=True)]
    order = np.lexsort(columns[::-1])
    run, metric, epoch, _, value = (column[order] for column in columns)
    last = np.append(np.any([np.diff(column) for column in (run, metric, epoch)], axis=0), True)
    names = ((run, run_ids), (metric, metrics))
    dictionaries = [pa.DictionaryArray.from_arrays(codes[last], pa.array(given, pa.string())) for codes, given in names]
    return pa.table([*dictionaries, epoch[last], value[last]], schema=HISTORY)


def _from_database(
    uri: str, groups: Sequence[Sequence[str]], metrics: Sequence[str]
) -> Iterator[Iterable[Sequence[Row]]]:
    with data_base(uri) as connection:
        streamed = connection.execution_options(yield_per=_ROWS_A_PIECE)
        yield from (streamed.execute(_query(run_ids, metrics)).partitions() for run_ids in groups)


def _query(run_ids: Sequence[str], metrics: Sequence[str]) -> Any:
    from sqlalchemy import select

    _, _, points, _ = tables()
    columns = (points.run_uuid, points.key, points.step, points.timestamp, points.value)
    return select(*columns).where(points.run_uuid.in_(run_ids), points.key.in_(metrics), points.is_nan.is_(False))


def _from_server(
    client: "MlflowClient", uri: str, groups: Sequence[Sequence[str]], metrics: Sequence[str]
) -> Iterator[Iterable[Sequence[Row]]]:
    for run_ids in groups:
        yield (rows for metric in metrics for rows in _requested(client, uri, run_ids, metric))


def _requested(client: "MlflowClient", uri: str, run_ids: Sequence[str], metric: str) -> Iterator[Sequence[Row]]:
    """Ask the server for one metric of several runs, of fewer where the answer was cut off.

    Yields:
        Its rows.
    """
    if len(run_ids) == 1:
        points = client.get_metric_history(run_ids[0], metric)
        yield [(run_ids[0], point.key, point.step, point.timestamp, point.value) for point in points]
        return
    found = bulk_history(uri, run_ids, metric, _ROWS_A_REQUEST)
    if len(found) < _ROWS_A_REQUEST:
        yield [(point["run_id"], point["key"], point["step"], point["timestamp"], point["value"]) for point in found]
        return
    half = len(run_ids) // 2
    yield from _requested(client, uri, run_ids[:half], metric)
    yield from _requested(client, uri, run_ids[half:], metric)
