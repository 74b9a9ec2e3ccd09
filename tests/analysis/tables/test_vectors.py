"""Vectors read epoch by epoch are those that were stored, wherever the file is cut."""

import numpy as np
import pytest

from analysis.tables.vectors import vectors
from tests.analysis.stored import Stored
from tuning.store import spectra


@pytest.mark.parametrize("group_rows", [1, 5, 1 << 18], ids="groups of {} rows".format)
def test_each_epochs_values_come_once_and_whole(tmp_path, monkeypatch, group_rows):
    monkeypatch.setattr(spectra, "_GROUP_ROWS", group_rows)
    stored = Stored(tmp_path, epochs=range(4), kept=range(4))
    found = list(vectors(stored.tables, stored.tables.runs.index, "flat"))
    assert [(run_id, epoch) for run_id, epoch, _ in found] == [
        (run_id, epoch) for run_id in stored.tables.runs.index for epoch in range(4)
    ]
    for run_id, epoch, values in found:
        frame = stored.tables.spectra
        mine = frame[(frame["run_id"] == run_id) & (frame["epoch"] == epoch) & (frame["view"] == "flat")]
        np.testing.assert_array_equal(values, mine["value"].to_numpy())
        assert values.dtype == np.float32


def test_epochs_whose_vectors_were_thinned_are_passed_over(tmp_path):
    stored = Stored(tmp_path, epochs=range(5), kept=(0, 3, 4))
    run_id = stored.tables.runs.index[0]
    assert [epoch for _, epoch, _ in vectors(stored.tables, [run_id], "circular")] == [0, 3, 4]


def test_a_view_that_was_not_measured_has_no_values(tmp_path):
    stored = Stored(tmp_path, epochs=range(2), kept=range(2))
    assert list(vectors(stored.tables, stored.tables.runs.index, "padded")) == []
