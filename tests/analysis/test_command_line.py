import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from analysis.__main__ import app
from analysis.tables.study_tables import load
from tests.analysis import synthetic
from tests.root import ROOT
from tuning.store import StoreReader

FULL = Path("/dev/full")


@pytest.fixture
def invoke(monkeypatch, tmp_path):
    """Call the command line in an empty folder, on a terminal of 100 columns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return lambda *arguments: CliRunner().invoke(app, arguments)


def summaries(store):
    return [run for run in StoreReader(synthetic.STUDY, store).runs() if run.tags["phase"] == "summary"]


def test_compare_prints_the_table_within_100_columns(invoke, store):
    result = invoke("compare", "quickstart", "--tracking-uri", store)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 100
    assert any(
        line.split() == ["spectral", "*95.00", "±", "2.48", "90.10", "0.500", "1.00", "5.00", "0.81", "2/1/0/0", "3"]
        for line in lines
    )
    assert any(line.split() == ["decay", "learning", "rate", "0.001,", "strength", "0.01"] for line in lines)


def test_compare_leaves_out_columns_on_a_narrow_terminal_and_cuts_no_number(invoke, store, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    lines = invoke("compare", "quickstart", "--tracking-uri", store).stdout.splitlines()
    assert any(line.split()[:4] == ["spectral", "*95.00", "±", "2.48"] for line in lines)
    assert not any("…" in line for line in lines)
    assert any(line.startswith("For want of room left out: trials, s/epoch") for line in lines)
    comparison = " ".join(lines[: lines.index("Budget")])
    assert "Trials of the search" not in comparison


def test_compare_prints_markdown_that_stands_in_a_page(invoke, store):
    lines = invoke("compare", "quickstart", "--tracking-uri", store, "--format", "markdown").stdout.splitlines()
    assert len({line.count("|") for line in lines[:8]}) == 1
    assert lines[4].startswith("| mlp-small | spectral | **95.00 ± 2.48** |")


def test_compare_prints_latex_whose_tables_have_as_many_cells_a_row_as_columns(invoke, store):
    result = invoke("compare", "quickstart", "--tracking-uri", store, "--format", "latex")
    assert result.exit_code == 0, result.stderr
    tables = re.findall(r"\\begin\{tabular\}\{(\w+)\}\n(.*?)\\end\{tabular\}", result.stdout, re.DOTALL)
    assert len(tables) == 2
    for columns, body in tables:
        rows = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert {line.count("&") for line in rows} == {len(columns) - 1}
    assert r"mlp-small & spectral & \textbf{95.00 $\pm$ 2.48} & 90.10" in result.stdout
    assert result.stdout.isascii()


def test_export_writes_the_tables_and_says_where(invoke, store, tmp_path):
    result = invoke("export", "quickstart", "--tracking-uri", store, "--format", "csv")
    assert result.exit_code == 0, result.stderr
    assert "results/quickstart/export/runs.csv: 36 rows\n" in result.stdout
    folder = tmp_path / "results" / "quickstart" / "export"
    assert {path.name for path in folder.iterdir()} == {"runs.csv", "epochs.csv", "layers.csv"}


def test_studies_that_do_not_fit_together_are_refused_in_one_line(invoke, store):
    result = invoke("compare", "quickstart", "gaps", "--tracking-uri", store)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == (
        "error: equal names mean equal things, got another condition 'decay' in 'quickstart' and 'gaps'; "
        "run one of them again as in the other, or under another name\n"
    )


def test_compare_takes_the_store_from_the_environment(invoke, store, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    assert invoke("compare", "quickstart", "--format", "csv").stdout.startswith("architecture,condition,test_acc")


def test_report_writes_the_page_and_says_where(invoke, store, tmp_path):
    result = invoke("report", "quickstart", "--tracking-uri", store, "--format", "markdown")
    assert result.exit_code == 0, result.stderr
    assert "95.00 ± 2.48" in (tmp_path / "results" / "quickstart" / "report.html").read_text(encoding="utf-8")
    assert "Report: results/quickstart/report.html" in result.stderr
    assert "95.00 ± 2.48" in result.stdout


def test_report_writes_every_table_of_the_page_where_it_is_told_to(invoke, store, tmp_path):
    result = invoke("report", "quickstart", "--tracking-uri", store, "--tables", "tables")
    assert result.exit_code == 0, result.stderr
    written = {path.stem: path.read_text(encoding="utf-8").splitlines() for path in (tmp_path / "tables").iterdir()}
    assert {"comparison", "performance", "norms", "ranks", "shapes"} <= written.keys()
    for lines in written.values():
        assert len(lines) > 1
        assert not [line for line in lines if re.search(r"[+-]?\d[\d.]* (\[|±)", line)], (
            "a number and its interval in one"
        )
    first = pd.read_csv(tmp_path / "tables" / "performance.csv").iloc[0]
    assert first["difference, points"] == pytest.approx(1.0)
    assert [first[f"difference, points: {end}"] for end in ("low", "high")] == pytest.approx([1.0, 1.0])
    assert (first["p"], first["seeds"]) == (0.25, 3)


@pytest.fixture(scope="module")
def reported(store, tmp_path_factory):
    """Write the report twice, as one does after more runs; returns the comparison before it."""
    page = str(tmp_path_factory.mktemp("page") / "report.html")
    before = CliRunner().invoke(app, ["compare", "quickstart", "--tracking-uri", store, "--format", "csv"])
    for _ in range(2):
        written = CliRunner().invoke(app, ["report", "quickstart", "--tracking-uri", store, "--out", page])
        assert written.exit_code == 0, written.stderr
    return before.stdout


@pytest.mark.usefixtures("reported")
def test_reporting_twice_leaves_one_summary_run_a_cell(store):
    found = summaries(store)
    whole = [run for run in found if run.tags["trial_key"] == "summary"]
    assert len(found) == 6 + len(whole) == 7
    found.remove(*whole)
    assert {(run.tags["architecture"], run.tags["condition"]) for run in found} == {
        (architecture, condition) for architecture in synthetic.ARCHITECTURES for condition in synthetic.CONDITIONS
    }


@pytest.mark.usefixtures("reported")
def test_a_summary_run_of_a_cell_holds_mean_and_bounds_by_epoch(store):
    reader = StoreReader(synthetic.STUDY, store)
    (run,) = [run for run in summaries(store) if run.tags["trial_key"] == "summary__resnet-small__decay"]
    assert run.metrics["test/accuracy/mean"] == pytest.approx(0.93)
    assert run.metrics["test/accuracy/low"] == pytest.approx(0.93 - 0.0248414, abs=1e-7)
    history = reader.history([run.run_id], ["val/accuracy/mean"]).to_pydict()
    points = dict(zip(history["epoch"], history["value"], strict=True))
    assert points == pytest.approx({0: 0.101, 1: 0.301, 2: 0.501, 3: 0.701, 4: 0.901})
    assert (run.tags["seed"], run.tags["family"]) == ("all", "resnet")


@pytest.mark.usefixtures("reported")
def test_the_page_and_its_pictures_are_stored_once(store):
    reader = StoreReader(synthetic.STUDY, store)
    pictures = ("accuracy", "learning", "holding", "performance", "spectra-0-flat", "spectra-1-circular")
    for name in ("report.html", *(f"{picture}.svg" for picture in pictures)):
        (run,) = [run for run in summaries(store) if reader.artifact(run, name) is not None]
        names = ("trial_key", "architecture", "condition", "study", "dataset")
        assert [run.tags[tag] for tag in names] == ["summary", "all", "all", "quickstart", "digits"]
        assert run.tags["optimizer"] == "adam"  # what all runs have alike


def test_summary_runs_do_not_change_the_comparison(invoke, store, reported):
    result = invoke("compare", "quickstart", "--tracking-uri", store, "--format", "csv")
    assert result.stdout == reported
    assert set(load(synthetic.STUDY, store).runs["phase"]) == {"tune", "confirm"}


@pytest.mark.parametrize("command", ["report", "compare"])
@pytest.mark.parametrize(
    ("study", "message"),
    [
        ("quickstar", "did you mean 'quickstart'?"),
        ("failed", "got 2 runs (1 diverged, 1 failed)"),
        ("empty", "got no run"),
        ("thrown-away", "run `mlflow experiments restore --experiment-id "),
    ],
)
def test_a_study_without_results_is_one_line_and_exit_code_2(invoke, store, tmp_path, command, study, message):
    result = invoke(command, study, "--tracking-uri", store)
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert message in line
    assert list(tmp_path.iterdir()) == []


def test_a_missing_store_is_not_created_by_reading_it(invoke, tmp_path):
    result = invoke("report", "quickstart", "--tracking-uri", "sqlite:///absent.db")
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert "absent.db" in line
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_cannot_be_written_is_one_line_and_exit_code_2(invoke, store, tmp_path):
    (tmp_path / "file").write_text("in the way")
    result = invoke("report", "quickstart", "--tracking-uri", store, "--out", "file/report.html")
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: --out must be a file that can be written, got 'file/report.html'")


def test_a_page_of_an_impossible_name_is_one_line_and_exit_code_2(invoke, store):
    for name in ("n" * 300, "."):
        result = invoke("report", "quickstart", "--tracking-uri", store, "--out", name)
        assert (result.exit_code, result.stdout) == (2, "")
        (line,) = result.stderr.splitlines()
        assert line.startswith(f"error: --out must be a file that can be written, got {name!r}: ")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("how", ["table", "markdown", "csv"])
def test_a_comparison_that_cannot_be_printed_is_one_line_and_exit_code_2(monkeypatch, capsys, store, how):
    with FULL.open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(SystemExit) as end:
            get_command(app).main(["compare", "quickstart", "--tracking-uri", store, "--format", how])
    assert end.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: what is printed must be written somewhere, got 'No space left on device'")


def test_a_report_whose_reader_leaves_is_written_and_stored_all_the_same(monkeypatch, capsys, store, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        with pytest.raises(SystemExit) as end:
            get_command(app).main(["report", "quickstart", "--tracking-uri", store, "--out", str(tmp_path / "r.html")])
    assert end.value.code in {None, 0}
    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == ["Report", "MLflow"]
    assert (tmp_path / "r.html").exists()


def test_the_real_process_says_one_line_and_exits_with_2(store, tmp_path):
    root = ROOT
    command = [sys.executable, "-m", "analysis", "compare", "quickstar", "--tracking-uri", store]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
