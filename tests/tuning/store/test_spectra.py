"""Spectra: parts by epoch become two tables, whatever was reported twice or stored before."""

import json
import math
from array import array
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.tuning.store.cases import layers
from tuning.records import LAYERS_FILE, SPECTRA_FILE, LayerRecord
from tuning.store import spectra
from tuning.store.spectra import Parts, merge


def rows(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return found


def nothing(name: str) -> None:
    return None


def two_folders(folder: Path) -> tuple[Parts, Parts]:
    """The parts of two studies."""
    places = folder / "before", folder / "after"
    for place in places:
        place.mkdir()
    return Parts(places[0]), Parts(places[1])


def merged(parts: Parts, folder: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    first, second = merge(parts.of("k"), folder, nothing)
    return rows(first), rows(second)


def spectra_twin(epoch: int, entries: tuple[LayerRecord, ...]) -> list[dict[str, Any]]:
    return [
        {"epoch": epoch, "layer": entry.layer, "view": entry.view, "index": index, "value": value}
        for entry in entries
        for index, value in enumerate(entry.singular_values)
    ]


def layers_twin(epoch: int, entries: tuple[LayerRecord, ...]) -> list[dict[str, Any]]:
    return [
        {
            "epoch": epoch,
            "layer": entry.layer,
            "view": entry.view,
            "routine": entry.routine,
            "missing": json.dumps(entry.missing),
            **entry.measures,
        }
        for entry in entries
    ]


@pytest.mark.parametrize("group_rows", [1, 7, 1 << 18], ids="groups of {} rows".format)
def test_the_tables_hold_every_value_and_measure_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group_rows: int
) -> None:
    monkeypatch.setattr(spectra, "_GROUP_ROWS", group_rows)
    parts = Parts(tmp_path)
    for epoch in (10, 2, 0):
        parts.write("k", epoch, layers(epoch))
    values, measures = merged(parts, tmp_path)
    assert values == [row for epoch in (0, 2, 10) for row in spectra_twin(epoch, layers(epoch))]
    assert measures == [row for epoch in (0, 2, 10) for row in layers_twin(epoch, layers(epoch))]


def test_the_columns_have_the_types_that_are_promised(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    parts.write("k", 1, layers(1))
    first, second = merge(parts.of("k"), tmp_path, nothing)
    names = "dictionary<values=string, indices=int32, ordered=0>"
    assert {field.name: str(field.type) for field in pq.read_schema(first)} == {
        "epoch": "int32",
        "layer": names,
        "view": names,
        "index": "int32",
        "value": "float",
    }
    assert [str(field.type) for field in pq.read_schema(second)] == [
        "int32",
        names,
        names,
        names,
        names,
        "double",
        "double",
    ]
    assert pq.ParquetFile(first).metadata.row_group(0).column(0).compression == "ZSTD"


def test_an_epoch_reported_twice_has_its_rows_once(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    parts.write("k", 1, layers(5))
    parts.write("k", 1, layers(1))
    assert merged(parts, tmp_path)[0] == spectra_twin(1, layers(1))


def test_a_run_that_goes_on_keeps_the_epochs_already_stored(tmp_path: Path) -> None:
    before, after = two_folders(tmp_path)
    for epoch in (1, 2):
        before.write("k", epoch, layers(epoch + 100))
    stored = {path.name: path for path in merge(before.of("k"), tmp_path / "before", nothing)}
    for epoch in (2, 3):
        after.write("k", epoch, layers(epoch))
    first, second = merge(after.of("k"), tmp_path / "after", stored.get)
    expected = {1: layers(101), 2: layers(2), 3: layers(3)}
    assert rows(first) == [row for epoch, entries in expected.items() for row in spectra_twin(epoch, entries)]
    assert rows(second) == [row for epoch, entries in expected.items() for row in layers_twin(epoch, entries)]
    assert (first.name, second.name) == (SPECTRA_FILE, LAYERS_FILE)


def test_a_measure_that_an_epoch_lacks_is_null(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    for epoch, measures in enumerate([{"rank": 1.0}, {"alpha": 2.0}]):
        entry = LayerRecord(layer="a", view="flat", measures=measures, singular_values=array("f", [1.0]))
        parts.write("k", epoch, [entry])
    found = [(row["alpha"], row["rank"]) for row in merged(parts, tmp_path)[1]]
    assert found == [(None, 1.0), (2.0, None)]


@pytest.mark.parametrize("value", [math.nan, math.inf], ids=str)
def test_a_weight_that_diverged_has_no_spectrum_and_a_row_that_says_so(tmp_path: Path, value: float) -> None:
    vector = array("f", [value, 1.0])
    lost = LayerRecord(layer="b", view="flat", measures={}, singular_values=vector, routine="gram: none converged")
    parts = Parts(tmp_path)
    parts.write("k", 1, [*layers(1), lost])
    parts.write("k", 2, [lost])
    spectra, measures = merged(parts, tmp_path)
    assert spectra == spectra_twin(1, layers(1))
    assert [row["epoch"] for row in measures if row["routine"] == "gram: none converged"] == [1, 2]
    told = {key for key, number in measures[-1].items() if number is not None}
    assert told == {"epoch", "layer", "view", "routine", "missing"}


def test_measures_stay_where_a_value_is_too_large_for_the_vectors_precision(tmp_path: Path) -> None:
    huge = LayerRecord(
        layer="b", view="flat", measures={"spectral_norm": 1e200}, singular_values=array("f", [math.inf])
    )
    parts = Parts(tmp_path)
    parts.write("k", 1, [huge])
    spectra, measures = merged(parts, tmp_path)
    assert spectra == []
    assert [row["spectral_norm"] for row in measures] == [1e200]


def test_a_thinned_vector_leaves_its_measures(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    thinned = tuple(replace(entry, singular_values=array("f")) for entry in layers(2))
    parts.write("k", 1, layers(1))
    parts.write("k", 2, thinned)
    parts.write("k", 3, layers(3))
    values, measures = merged(parts, tmp_path)
    assert values == [*spectra_twin(1, layers(1)), *spectra_twin(3, layers(3))]
    assert measures == [row for epoch in (1, 2, 3) for row in layers_twin(epoch, layers(epoch))]


def test_a_run_all_of_whose_vectors_were_thinned_has_two_readable_tables(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    parts.write("k", 1, [replace(entry, singular_values=array("f")) for entry in layers(1)])
    assert merged(parts, tmp_path) == ([], layers_twin(1, layers(1)))


@pytest.mark.parametrize("value", [math.nan, math.inf], ids=str)
def test_a_measure_that_is_not_finite_is_null(tmp_path: Path, value: float) -> None:
    lost = LayerRecord(layer="b", view="flat", measures={"rank": 0.0, "alpha": value}, singular_values=array("f"))
    parts = Parts(tmp_path)
    parts.write("k", 1, [lost])
    assert [(row["rank"], row.get("alpha")) for row in merged(parts, tmp_path)[1]] == [(0.0, None)]


def test_every_row_tells_why_a_measure_is_missing(tmp_path: Path) -> None:
    parts, missing = Parts(tmp_path), {"alpha": "there are fewer than 8 values"}
    first, second, third = layers(1)[:3]
    broken = replace(second, measures={"rank": 1.0, "alpha": math.nan})
    parts.write("k", 1, [replace(first, missing=missing), broken, third])
    told = [row["missing"] for row in merged(parts, tmp_path)[1]]
    assert [json.loads(text) for text in told] == [missing, {"alpha": "not a finite number"}, {}]


def test_every_row_tells_by_which_routine_it_was_found(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    first, second, *_ = layers(1)
    parts.write("k", 1, [replace(first, routine="gram"), replace(second, routine="svd: gesvd")])
    assert [row["routine"] for row in merged(parts, tmp_path)[1]] == ["gram", "svd: gesvd"]


def test_tables_and_parts_from_before_routines_and_reasons_were_told_are_read_and_merged(tmp_path: Path) -> None:
    before, after = two_folders(tmp_path)
    before.write("k", 1, layers(1))
    stored = {path.name: path for path in merge(before.of("k"), tmp_path / "before", nothing)}
    old = stored[LAYERS_FILE]
    pq.write_table(pq.read_table(old).drop_columns(["routine", "missing"]), old)
    for epoch in (2, 3):
        after.write("k", epoch, layers(epoch))
    part = after.of("k")[0]
    with pa.ipc.open_file(part.read_bytes()) as source:
        table = source.read_all().drop_columns(["routine", "missing"])
    with pa.ipc.new_file(part, table.schema) as sink:
        sink.write_table(table)
    found = rows(merge(after.of("k"), tmp_path / "after", stored.get)[1])
    unknown = {"routine": None, "missing": None}
    told: dict[int, dict[str, None]] = {1: unknown, 2: unknown, 3: {}}
    expected = [row | told[epoch] for epoch in (1, 2, 3) for row in layers_twin(epoch, layers(epoch))]
    assert found == expected


@pytest.mark.parametrize("group_rows", [1, 7, 1 << 18], ids="groups of {} rows".format)
def test_an_epoch_that_a_resumed_run_repeats_stands_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group_rows: int
) -> None:
    monkeypatch.setattr(spectra, "_GROUP_ROWS", group_rows)
    before, after = two_folders(tmp_path)
    for epoch in range(5):
        before.write("k", epoch, layers(epoch + 100))
    stored = {path.name: path for path in merge(before.of("k"), tmp_path / "before", nothing)}
    for epoch in (1, 3, 7):
        after.write("k", epoch, layers(epoch))
    first, second = merge(after.of("k"), tmp_path / "after", stored.get)
    kept = {epoch: layers(epoch if epoch in {1, 3, 7} else epoch + 100) for epoch in (0, 1, 2, 3, 4, 7)}
    assert rows(first) == [row for epoch, entries in kept.items() for row in spectra_twin(epoch, entries)]
    assert rows(second) == [row for epoch, entries in kept.items() for row in layers_twin(epoch, entries)]


def test_row_groups_tell_which_epochs_they_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectra, "_GROUP_ROWS", 24)
    parts = Parts(tmp_path)
    for epoch in range(6):
        parts.write("k", epoch, layers(epoch))  # twelve values
    path, _ = merge(parts.of("k"), tmp_path, nothing)
    groups = pq.ParquetFile(path).metadata
    ends = [groups.row_group(place).column(0).statistics for place in range(groups.num_row_groups)]
    assert [(end.min, end.max) for end in ends] == [(0, 1), (2, 3), (4, 5)]


def test_an_epoch_larger_than_a_group_is_divided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectra, "_GROUP_ROWS", 5)
    parts = Parts(tmp_path)
    parts.write("k", 1, layers(1))
    path, _ = merge(parts.of("k"), tmp_path, nothing)
    groups = pq.ParquetFile(path).metadata
    assert [groups.row_group(place).num_rows for place in range(groups.num_row_groups)] == [5, 5, 2]


def test_values_of_any_kind_return_bit_by_bit(tmp_path: Path) -> None:
    values = array("f", [3.4028235e38, 1.0, 1.0, 1e-30, 1.4e-45, 0.0, -0.0])
    entry = LayerRecord(layer="a", view="flat", measures={}, singular_values=values)
    parts = Parts(tmp_path)
    parts.write("k", 1, [entry])
    path, _ = merge(parts.of("k"), tmp_path, nothing)
    assert pq.read_table(path)["value"].combine_chunks().to_numpy().tobytes() == values.tobytes()


def test_dropped_parts_are_gone_and_a_part_that_came_since_stays(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    parts.write("k", 1, layers(1))
    old = parts.of("k")
    parts.write("k", 2, layers(2))
    parts.drop(old)
    assert [path.name for path in parts.of("k")] == ["00000002.arrow"]
