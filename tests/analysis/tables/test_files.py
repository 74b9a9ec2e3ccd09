"""Facts about the files of a study's runs: found where their store was moved to, and told where they are lost."""

import shutil

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from analysis.__main__ import app
from analysis.tables.study_tables import load
from analysis.tables.vectors import vectors
from tests.analysis import synthetic
from tests.analysis.stored import Stored
from tuning import records
from tuning.store import StoreReader, StoreWriter

RUNS = 12


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A folder that a store was moved to, with the artifacts beside it; where it was, there is nothing."""
    folder = tmp_path_factory.mktemp("moved")
    runs = [run for name in ("baseline", "spectral") for run in synthetic.cell("mlp-small", name)]
    (folder / "old").mkdir()
    uri = f"sqlite:///{folder / 'old' / 'mlflow.db'}"
    writer = StoreWriter(synthetic.STUDY, uri, folder / "results" / synthetic.STUDY, synthetic.study_data(runs))
    synthetic.keep(runs, writer)
    assert writer.close(timeout=120).complete
    (folder / "old").rename(folder / "new")
    return folder


@pytest.fixture
def moved(written, tmp_path):
    """A copy of that folder for a test of its own."""
    return shutil.copytree(written / "new", tmp_path / "store")


@pytest.fixture
def invoke(moved, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    uri = f"sqlite:///{moved / 'mlflow.db'}"
    return lambda command, *more: CliRunner().invoke(app, [command, synthetic.STUDY, "--tracking-uri", uri, *more])


def files_of(moved, key):
    """The folder of a run's artifacts beside the store."""
    runs = StoreReader(synthetic.STUDY, f"sqlite:///{moved / 'mlflow.db'}").runs()
    (run_id,) = [run.run_id for run in runs if run.tags["trial_key"] == key]
    return moved / "mlartifacts" / synthetic.STUDY / run_id / "artifacts"


def exported(folder, name):
    return pd.read_csv(folder / "results" / synthetic.STUDY / "export" / f"{name}.csv")


def test_artifacts_that_were_moved_with_their_store_are_read_beside_it(invoke, written, tmp_path):
    result = invoke("export", "--spectra", "--format", "csv")
    assert (result.exit_code, result.stderr) == (0, "")
    epochs = 2 * (5 * (synthetic.EPOCHS + 1) + 2)
    assert len(exported(tmp_path, "layers")) == 3 * epochs
    assert len(exported(tmp_path, "spectra")) == (8 + 4 + 2) * epochs
    assert not (written / "old").exists()


@pytest.mark.parametrize("into", ["mlruns", "."], ids=["in mlruns", "without the folder around them"])
def test_artifacts_are_found_under_other_folders_beside_the_store(moved, into):
    (moved / into).mkdir(exist_ok=True)
    (moved / "mlartifacts" / synthetic.STUDY).rename(moved / into / synthetic.STUDY)
    tables = load(synthetic.STUDY, f"sqlite:///{moved / 'mlflow.db'}")
    assert tables.layers["run_id"].nunique() == RUNS
    assert tables.lost == []


def test_a_report_of_a_moved_store_leaves_its_files_beside_it_and_nothing_where_it_was(invoke, moved, written):
    before = {path.name for path in (moved / "mlartifacts" / synthetic.STUDY).iterdir()}
    result = invoke("report", "--format", "markdown")
    assert result.exit_code == 0, result.stderr
    assert not (written / "old").exists()
    reader = StoreReader(synthetic.STUDY, f"sqlite:///{moved / 'mlflow.db'}")
    summaries = [run for run in reader.runs() if run.tags["phase"] == "summary"]
    assert {run.run_id for run in summaries} | before == {
        path.name for path in (moved / "mlartifacts" / synthetic.STUDY).iterdir()
    }
    (page,) = [run for run in summaries if run.tags["architecture"] == "all"]
    assert reader.artifact(page, "report.html").is_file()


def test_missing_and_damaged_files_are_told_by_run_after_the_rest_is_exported(invoke, moved, tmp_path):
    gone, cut = (files_of(moved, f"confirm__mlp-small__baseline__00{index}") for index in (0, 1))
    for path in gone.iterdir():
        path.unlink()
    content = (cut / records.LAYERS_FILE).read_bytes()
    (cut / records.LAYERS_FILE).write_bytes(content[:500])
    result = invoke("export", "--spectra", "--format", "csv")
    assert result.exit_code == 1
    missing, damaged = result.stderr.splitlines()
    assert missing.startswith(
        "Missing: layers.parquet and spectra.parquet of 1 run read here (confirm__mlp-small__baseline__000), stored as "
    )
    assert damaged.startswith(f"Damaged: layers.parquet of confirm__mlp-small__baseline__001 ({cut / 'layers.parquet'}")
    assert all("`python -m tuning replay quickstart`" in line for line in (missing, damaged))
    assert exported(tmp_path, "runs")["run_id"].nunique() == RUNS
    assert exported(tmp_path, "layers")["run_id"].nunique() == RUNS - 2
    assert exported(tmp_path, "spectra")["run_id"].nunique() == RUNS - 1
    lost = exported(tmp_path, "lost")
    assert sorted(lost[["file", "problem", "seed"]].itertuples(index=False, name=None)) == [
        ("layers.parquet", "damaged", 1),
        ("layers.parquet", "missing", 0),
        ("spectra.parquet", "missing", 0),
    ]


def test_an_export_that_lacks_nothing_leaves_no_table_of_what_an_earlier_one_lacked(invoke, moved, tmp_path):
    path = files_of(moved, "tune__mlp-small__baseline__000") / records.LAYERS_FILE
    content = path.read_bytes()
    path.write_bytes(b"")
    assert invoke("export", "--format", "csv").exit_code == 1
    assert len(exported(tmp_path, "lost")) == 1
    path.write_bytes(content)
    assert invoke("export", "--format", "csv").exit_code == 0
    assert not (tmp_path / "results" / synthetic.STUDY / "export" / "lost.csv").exists()


def test_a_report_without_artifacts_is_written_says_so_and_ends_with_1(invoke, moved, tmp_path):
    shutil.rmtree(moved / "mlartifacts")
    result = invoke("report", "--format", "markdown")
    assert result.exit_code == 1
    assert "90.00 ± 2.48" in result.stdout
    page = (tmp_path / "results" / synthetic.STUDY / "report.html").read_text(encoding="utf-8")
    said = next(line for line in result.stderr.splitlines() if line.startswith("Missing: "))
    assert "of 10 runs read here (confirm__mlp-small__baseline__000, " in said
    assert "Missing: " in page
    assert "No spectra could be read." in page
    assert "No confirmation run has stored spectra." not in page


def test_a_file_that_is_damaged_inside_loses_its_own_rows_alone(tmp_path):
    stored = Stored(tmp_path, epochs=range(4), kept=range(4))
    first, second = stored.tables.runs.index
    path = stored.fetch(first, records.SPECTRA_FILE)
    content = bytearray(path.read_bytes())
    chunk = pq.read_metadata(path).row_group(0).column(4)
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    content[start : start + chunk.total_compressed_size] = bytes(chunk.total_compressed_size)
    path.write_bytes(content)
    assert {run_id for run_id, _, _ in vectors(stored.tables, [first, second], "flat")} == {second}
    assert {run_id for run_id, _ in stored.tables.files.rows(records.SPECTRA_FILE, [first, second])} == {second}
    (lost,) = stored.tables.files.lost
    assert (lost.run_id, lost.name, lost.place) == (first, records.SPECTRA_FILE, str(path))
