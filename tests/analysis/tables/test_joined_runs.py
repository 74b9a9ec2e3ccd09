"""Two studies that were really run, each with a baseline of its own, as one."""

import re

import pytest
from typer.testing import CliRunner

from analysis.__main__ import app
from analysis.tables.joined import load_joined
from tests.tuning.place import Place
from tuning.records import TIMES
from tuning.store import StoreReader

pytestmark = [pytest.mark.ray, pytest.mark.slow]

BASELINE = {"regularizer": "none"}
OWN = {
    "decays": {"decay": {"regularizer": "weight_decay", "strength": {"log_uniform": [1e-4, 1e-1]}}},
    "scales": {"scaling": {"regularizer": "spectral_norm_scaling", "scale": {"uniform": [1.0, 3.0]}}},
}


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> str:
    """The tracking URI of a store with both studies."""
    folder = tmp_path_factory.mktemp("two")
    for name, own in OWN.items():
        place = Place(
            folder / name,
            name=name,
            architectures=[{"name": "mlp-tiny", "family": "mlp", "depth": 2, "width": 16}],
            conditions={"baseline": BASELINE, **own},
        )
        place.uri = f"sqlite:///{folder}/mlflow.db"
        done = place.run()
        assert done.returncode == 0, done.stderr
    return f"sqlite:///{folder}/mlflow.db"


def numbers(study: str, uri: str) -> dict[str, set[tuple]]:
    """What each run of the baseline has said, by key, but for the times."""
    reader = StoreReader(study, uri)
    runs = {run.run_id: run for run in reader.runs() if run.tags["condition"] == "baseline"}
    points = reader.history(list(runs)).to_pylist()
    return {
        run.tags["trial_key"]: {(p["metric"], p["epoch"], p["value"]) for p in points if p["run_id"] == run.run_id}
        - {(p["metric"], p["epoch"], p["value"]) for p in points if p["metric"] in TIMES}
        for run in runs.values()
    }


def test_no_number_of_a_cell_depends_on_the_study_it_was_asked_in(store) -> None:
    decays, scales = (numbers(study, store) for study in OWN)
    assert len(decays) == 7
    assert decays == scales


def test_both_are_one_with_the_first_ones_baseline(store) -> None:
    tables = load_joined(["scales", "decays"], store)
    counted = tables.runs.groupby(["study", "condition"], observed=True).size().to_dict()
    assert counted == {("scales", "baseline"): 7, ("scales", "scaling"): 7, ("decays", "decay"): 7}


def test_report_and_compare_say_whose_runs_they_are(store, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = "Asked equally in decays and scales: baseline on mlp-tiny. Their runs are those of scales"
    for command in ("report", "compare"):
        result = CliRunner().invoke(app, [command, "scales", "decays", "--tracking-uri", store])
        assert result.exit_code == 0, result.stderr
        assert result.stderr.startswith(said)
    page = (tmp_path / "results" / "scales+decays" / "report.html").read_text(encoding="utf-8")
    assert said in re.sub(r"\s+", " ", page)
