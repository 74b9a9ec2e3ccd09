"""The benchmark opens what it says it opens."""

import json
from pathlib import Path

import pytest

from analysis.table import load
from benchmarks import opening
from tuning import records


@pytest.mark.slow
def test_a_study_is_written_and_opened_in_every_way(tmp_path: Path) -> None:
    trials = opening.CONDITIONS * (opening.CONFIRMED + 1)
    result = opening.run(trials, 1, tmp_path)
    table = opening.markdown(json.loads(json.dumps(result)))
    assert all(f"| {name} |" in table for name in opening.WAYS)
    tables = load(opening.STUDY, f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert len(tables.runs) == trials
    assert len(tables.epochs) == trials * (opening.EPOCHS + 1)
    assert tables.epochs[list(records.METRICS)].notna().all(axis=None)
    ((_, rows),) = tables.rows(records.SPECTRA_FILE, tables.runs.index[tables.runs["phase"] == "confirm"][:1])
    assert len(rows) == sum(opening.WIDTHS) * (opening.EPOCHS + 1)
