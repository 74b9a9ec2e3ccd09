"""Facts about a study's tables as files: whole, tidy, the same numbers."""

import pandas as pd
import pytest

from analysis.tables.export import ExportFormat, export
from analysis.tables.study_tables import GROUPING

READ = {ExportFormat.PARQUET: pd.read_parquet, ExportFormat.CSV: pd.read_csv}


@pytest.fixture(scope="module", params=list(ExportFormat))
def exported(request, quickstart, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    rows = export(quickstart, folder, request.param, spectra=True)
    frames = {path.stem: READ[request.param](path) for path in folder.iterdir()}
    assert {f"{name}.{request.param}": len(frame) for name, frame in frames.items()} == rows
    return frames


def test_every_row_of_every_file_has_its_runs_id_and_tags(exported) -> None:
    assert exported.keys() == {"runs", "epochs", "layers", "spectra"}
    for frame in exported.values():
        assert not frame[["run_id", *GROUPING]].isna().any(axis=None)


def test_the_files_hold_the_numbers_of_the_tables(exported, quickstart) -> None:
    for name, by in (
        ("epochs", ["run_id", "epoch"]),
        ("layers", ["run_id", "epoch", "layer", "view"]),
        ("spectra", ["run_id", "epoch", "layer", "view", "index"]),
    ):
        theirs = getattr(quickstart, name)
        columns = sorted(set(theirs.columns))
        assert sorted(exported[name].columns) == columns
        numbers = list(theirs.select_dtypes("number").columns)
        texts = [column for column in columns if column not in numbers]
        ours, theirs = (frame.astype(dict.fromkeys(texts, str)).sort_values(by) for frame in (exported[name], theirs))
        ours, theirs = (frame[columns].reset_index(drop=True) for frame in (ours, theirs))
        pd.testing.assert_frame_equal(ours[numbers], theirs[numbers], check_dtype=False)
        assert (ours[texts] == theirs[texts]).all(axis=None)


def test_a_run_has_its_settings_and_its_last_metrics(exported, quickstart) -> None:
    runs = exported["runs"].set_index("run_id")
    assert set(runs.index) == set(quickstart.runs.index)
    assert runs["param/training.learning_rate"].to_dict() == quickstart.runs["param/training.learning_rate"].to_dict()


def test_a_study_without_layers_has_a_file_without_rows(tmp_path, store) -> None:
    from analysis.tables.study_tables import load

    rows = export(load("empty", store), tmp_path, ExportFormat.PARQUET)
    assert rows == {"runs.parquet": 0, "epochs.parquet": 0, "layers.parquet": 0}


def test_files_are_replaced_when_they_are_whole_and_nothing_else_is_left(tmp_path, quickstart) -> None:
    (tmp_path / "runs.csv").write_text("of before")
    export(quickstart, tmp_path, ExportFormat.CSV)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["epochs.csv", "layers.csv", "runs.csv"]
    assert (tmp_path / "runs.csv").read_text() != "of before"


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path, quickstart) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="--out must be a folder that can be written to"):
        export(quickstart, tmp_path / "file", ExportFormat.PARQUET)


def test_too_many_singular_values_for_csv_are_refused_with_what_they_would_take(tmp_path, quickstart, monkeypatch):
    rows = export(quickstart, tmp_path / "first", ExportFormat.CSV, spectra=True)["spectra.csv"]
    monkeypatch.setattr("analysis.tables.export.MOST_CSV_ROWS", rows - 1)
    with pytest.raises(ValueError, match=rf"got {rows:,} \(about .* MB\); leave --format csv out") as refused:
        export(quickstart, tmp_path / "second", ExportFormat.CSV, spectra=True)
    megabytes = float(str(refused.value).split("about ")[1].split()[0])
    assert megabytes == pytest.approx((tmp_path / "first" / "spectra.csv").stat().st_size / 1e6, rel=0.1)
    assert not (tmp_path / "second").exists()
    assert export(quickstart, tmp_path / "third", ExportFormat.PARQUET, spectra=True)["spectra.parquet"] == rows
    monkeypatch.setattr("analysis.tables.export.MOST_CSV_ROWS", rows)
    assert export(quickstart, tmp_path / "fourth", ExportFormat.CSV, spectra=True)["spectra.csv"] == rows
