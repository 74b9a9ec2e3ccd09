from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.tables.study_tables import GROUPING, load
from tests.analysis import synthetic
from tests.analysis.conftest import in_memory
from tuning import records
from tuning.store import write_summary


def test_every_run_is_a_row_with_its_tags_settings_and_last_metrics(quickstart):
    runs = quickstart.runs
    assert len(runs) == 6 * (synthetic.TRIALS + synthetic.SEEDS)
    assert set(records.TAGS) <= set(runs.columns)
    row = runs[runs["trial_key"] == "confirm__resnet-small__decay__002"].iloc[0]
    assert (row["phase"], row["family"], row["size"], row["seed"]) == ("confirm", "resnet", "small", 2)
    assert (row["stop_reason"], row["status"], row["epochs"]) == ("completed", "FINISHED", synthetic.EPOCHS)
    assert row[records.TEST_ACCURACY] == pytest.approx(0.94, abs=1e-15)
    assert row[records.VAL_ACCURACY] == pytest.approx(0.902, abs=1e-15)
    assert row["param/regularizer.strength"] == pytest.approx(0.01)


def test_settings_have_the_types_of_their_values(quickstart):
    runs = quickstart.runs
    assert runs["param/training.learning_rate"].dtype == "float64"
    assert runs["param/regularizer.strength"].dtype == "float64"
    assert runs["param/training.epochs"].dtype == "Int64"
    assert runs["param/seed"].iloc[0] == 7_000_000_000_000_000_000 + runs["seed"].iloc[0]  # beyond float64's integers
    assert runs["param/training.nesterov"].dtype == "boolean"
    assert runs["param/regularizer.name"].iloc[0] == "baseline"
    assert runs["seed"].dtype == "Int64"


def test_a_setting_that_a_cell_does_not_have_is_missing_there(quickstart):
    runs = quickstart.runs
    assert runs.loc[runs["condition"] == "baseline", "param/regularizer.strength"].isna().all()


def test_every_epoch_is_a_row_from_the_state_before_the_first_step(quickstart):
    epochs = quickstart.epochs
    assert list(epochs.columns) == ["run_id", *GROUPING, "epoch", *records.METRICS]
    of_run = epochs[(epochs["condition"] == "spectral") & (epochs["phase"] == "confirm") & (epochs["seed"] == 1)]
    of_run = of_run[of_run["architecture"] == "mlp-small"]
    assert of_run["epoch"].tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(of_run[records.VAL_LOSS], [2.31, 1.81, 1.31, 0.81, 0.31])
    assert np.isnan(of_run[records.TRAIN_LOSS].iloc[0])
    assert of_run[records.TEST_ACCURACY].notna().tolist() == [False, False, False, False, True]


def test_architectures_and_conditions_are_ordered_as_their_first_runs_began():
    names = [("zeta", "wide"), ("zeta", "baseline"), ("alpha", "wide"), ("alpha", "baseline")]
    runs = [
        synthetic.Run(phase="tune", architecture=architecture, condition=condition, index=0)
        for architecture, condition in names
    ]
    frame = in_memory(runs).runs
    assert list(frame["architecture"].cat.categories) == ["zeta", "alpha"]
    assert list(frame["condition"].cat.categories) == ["wide", "baseline"]


def test_layers_hold_the_measures_of_every_layer_view_and_epoch(quickstart):
    layers = quickstart.layers
    mine = layers[(layers["condition"] == "baseline") & (layers["layer"] == "layers.0") & (layers["epoch"] == 4)]
    assert set(mine["spectral_norm"]) == {5.0}
    assert set(layers["view"]) == {"flat", "circular"}
    runs = quickstart.runs
    assert len(layers) == 3 * (runs["epochs"] + 1).sum()


def test_spectra_hold_every_singular_value(quickstart):
    spectra = quickstart.spectra
    mine = spectra[(spectra["phase"] == "confirm") & (spectra["condition"] == "spectral") & (spectra["seed"] == 0)]
    mine = mine[(mine["architecture"] == "mlp-small") & (mine["layer"] == "layers.0") & (mine["epoch"] == 2)]
    assert mine["index"].tolist() == list(range(8))
    assert mine["value"].tolist() == [2.0**-rank for rank in range(8)]


def test_no_point_and_no_file_is_read_before_it_is_asked_for(store, quickstart):
    fetched = []

    def history(run_ids, metrics):
        fetched.append((len(run_ids), len(metrics)))
        return quickstart.history(run_ids, metrics)

    def fetch(run_id, name):
        fetched.append(name)
        return quickstart.fetch(run_id, name)

    tables = replace(load(synthetic.STUDY, store), history=history, fetch=fetch)
    assert tables.runs["epochs"].max() == synthetic.EPOCHS
    assert fetched == []
    rows = dict(tables.files.rows(records.SPECTRA_FILE, tables.runs.index[:1], view="circular", columns=["value"]))
    assert fetched == [records.SPECTRA_FILE]
    assert [table.column_names for table in rows.values()] == [["value"]]
    fetched.clear()
    for _ in range(2):
        assert len(tables.confirmation) == 6 * synthetic.SEEDS * (synthetic.EPOCHS + 1)
        assert len(tables.times) > len(tables.confirmation)
    assert fetched == [(6 * synthetic.SEEDS, len(records.METRICS)), (len(tables.runs), len(records.TIMES))]


def test_confirmation_and_times_are_parts_of_all_epochs(quickstart):
    confirmation = quickstart.epochs[quickstart.epochs["phase"] == "confirm"].reset_index(drop=True)
    pd.testing.assert_frame_equal(quickstart.confirmation, confirmation)
    times = quickstart.epochs[["run_id", *GROUPING, "epoch", *records.TIMES]]
    times = times.dropna(subset=list(records.TIMES), how="all").reset_index(drop=True)
    pd.testing.assert_frame_equal(quickstart.times, times)


def test_one_epoch_of_one_view_is_read_alone(quickstart):
    run_id = quickstart.runs.index[0]
    (_, rows), *others = quickstart.files.rows(records.SPECTRA_FILE, [run_id], view="flat", epoch=3)
    assert not others
    mine = quickstart.spectra
    mine = mine[(mine["run_id"] == run_id) & (mine["view"] == "flat") & (mine["epoch"] == 3)]
    assert rows["value"].to_pylist() == mine["value"].tolist()
    assert set(rows["epoch"].to_pylist()) == {3}


def test_a_column_that_a_file_lacks_is_left_out(quickstart):
    ((_, rows),) = quickstart.files.rows(records.LAYERS_FILE, quickstart.runs.index[:1], columns=["epoch", "novelty"])
    assert rows.column_names == ["epoch"]


def test_runs_without_files_leave_the_frames_of_layers_to_the_others(with_gaps):
    failed = with_gaps.runs[with_gaps.runs["stop_reason"] == "error"]
    assert len(failed) == 1
    assert not with_gaps.spectra["run_id"].isin(failed.index).any()


def test_a_study_that_stored_no_spectra_has_empty_frames():
    tables = in_memory(synthetic.cell("mlp-small", "baseline"))
    assert tables.spectra.empty
    assert tables.layers.empty


def test_summary_runs_are_left_out(store):
    before = load("gaps", store)
    tags = {tag: "" for tag in records.TAGS} | {"phase": "summary", "trial_key": "summary__a__b"}
    write_summary("gaps", store, "summary__a__b", tags, {"val/accuracy": {1: 0.5}}, [])
    after = load("gaps", store)
    pd.testing.assert_frame_equal(before.runs, after.runs)
    pd.testing.assert_frame_equal(before.epochs, after.epochs)


def test_a_study_without_runs_has_empty_tables(store):
    tables = load("empty", store)
    assert len(tables.runs) == len(tables.epochs) == 0
    assert set(records.TAGS) <= set(tables.runs.columns)


def test_the_later_point_of_an_epoch_counts():
    run = synthetic.cell("mlp-small", "baseline")[0]
    doubled = replace(run, records=(*run.records, run.records[0]))
    epochs = in_memory([doubled]).epochs
    assert epochs["epoch"].tolist() == [0, 1, 2, 3, 4]


def test_an_unknown_study_is_refused_with_the_nearest_known(store):
    with pytest.raises(ValueError, match=r"'quickstar'.*did you mean 'quickstart'"):
        load("quickstar", store)
