"""Stores and results that version 0.1.0 has written open, report and resume, with the same numbers.

`by_0_1/` was made by commit d1ffc3b: ``whole`` is a study after its last trial, ``interrupted`` the same study killed
with SIGKILL after 50 of its 82 trials. Beside them lies what that commit said of the whole one: its comparison and
its table of epochs.
"""

import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from tests.root import ROOT
from tuning.records import TIMES

KEPT = Path(__file__).parent / "by_0_1"
TRIALS = 82
MADE_IN = "/tmp/kept"
"""Where the study was run; MLflow keeps the absolute paths of files."""

RUN = ["phase", "architecture", "condition", "trial_key", "epoch"]


class Kept:
    """A folder as that version has left it."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        with tarfile.open(KEPT / f"{name}.tar.xz") as archive:
            archive.extractall(folder, filter="data")
        with closing(sqlite3.connect(folder / "mlflow.db")) as store, store:
            for table, column in (("experiments", "artifact_location"), ("runs", "artifact_uri")):
                store.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (MADE_IN, str(folder)))

    def call(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *command, "--tracking-uri", f"sqlite:///{self.folder}/mlflow.db"],
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "PYTHONPATH": str(ROOT), "COLUMNS": "100"},
            capture_output=True,
            text=True,
            check=False,
        )

    def epochs(self) -> pd.DataFrame:
        """Every point of every trial that the store has, in an order of its own."""
        done = self.call("analysis", "export", "kept", "--out", "exported")
        assert done.returncode == 0, done.stderr
        return by_epoch(self.folder / "exported")


def by_epoch(folder: Path) -> pd.DataFrame:
    epochs, runs = (pd.read_parquet(folder / f"{name}.parquet") for name in ("epochs", "runs"))
    named = epochs.merge(runs[["run_id", "trial_key"]], on="run_id").drop(columns="run_id")
    return named.sort_values(RUN).reset_index(drop=True)


@pytest.fixture
def whole(tmp_path: Path) -> Kept:
    return Kept(tmp_path, "whole")


@pytest.mark.slow
def test_the_comparison_is_the_same_to_the_last_digit(whole: Kept) -> None:
    done = whole.call("analysis", "report", "kept", "--format", "csv")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (KEPT / "compare.csv").read_text()


@pytest.mark.slow
def test_every_point_of_every_epoch_is_read_as_it_was(whole: Kept) -> None:
    pd.testing.assert_frame_equal(whole.epochs(), by_epoch(KEPT), check_exact=True, check_like=True)


@pytest.mark.slow
def test_nothing_is_left_to_do_of_a_whole_study(whole: Kept) -> None:
    journal = (whole.folder / "results" / "kept" / "journal.jsonl").read_bytes()
    done = whole.call("tuning", "run", "kept.yaml")
    assert done.returncode == 0, done.stderr
    assert f"nothing left to do: all {TRIALS} trials of kept have ended" in done.stdout
    assert (whole.folder / "results" / "kept" / "journal.jsonl").read_bytes().startswith(journal)


@pytest.mark.slow
@pytest.mark.ray
def test_a_killed_study_goes_on_and_ends_with_the_numbers_of_the_whole(tmp_path: Path) -> None:
    """What had ended stays bit for bit; what is trained now may differ by the rounding of another processor."""
    kept = Kept(tmp_path, "interrupted")
    journal = (tmp_path / "results" / "kept" / "journal.jsonl").read_text()
    done = kept.call("tuning", "run", "kept.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kept goes on where it stopped; trials that have ended: 50" in done.stdout
    ours, theirs = (frame.drop(columns=list(TIMES)) for frame in (kept.epochs(), by_epoch(KEPT)))
    assert ours["trial_key"].nunique() == TRIALS
    had_ended = {line.split('"key": "')[1].split('"')[0] for line in journal.splitlines() if '"RunEnded"' in line}
    assert len(had_ended) == 50
    before = ours["trial_key"].isin(had_ended)
    pd.testing.assert_frame_equal(ours[before], theirs[before], check_exact=True, check_like=True)
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-3, atol=1e-3, check_like=True)
