"""A long trial has the spectra of a real one, and the files that were measured have the promised size."""

import json
from pathlib import Path

import pytest

from analysis.tables.study_tables import load
from benchmarks import long_trial, reading, writing
from models import build
from regularizers.measure import measure
from tuning.records import LAYERS_FILE, SPECTRA_FILE

SHAPES = [("a", "flat", 30), ("b", "flat", 20), ("b", "circular", 70)]


@pytest.mark.parametrize("name", ["mlp-small", "resnet-small"])
def test_its_vectors_are_as_long_as_those_of_a_measured_network(name: str) -> None:
    views = ["flat"] if name.startswith("mlp") else ["flat", "circular"]
    model = build(name, long_trial.IMAGE, 10).eval()
    spectra = {view: measure(model, long_trial.IMAGE, view=view, bundle="economy") for view in views}
    expected = [(layer, view, len(each.singular_values)) for view in views for layer, each in spectra[view].items()]
    assert sorted(long_trial.shapes(name)) == sorted(expected)


def test_all_measures_and_the_kept_vectors_are_stored_and_read(tmp_path: Path) -> None:
    writing.write(tmp_path, SHAPES, epochs=4, kept={0, 4})
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    tables = load(reading.STUDY, uri)
    assert len(tables.layers) == 5 * len(SHAPES)
    assert set(tables.spectra["epoch"]) == {0, 4}
    assert reading.vectored(uri) == [50, 50, 70, 70]


def test_the_table_tells_what_all_vectors_would_have_taken() -> None:
    result = {
        "machine": "a machine",
        "architecture": "resnet-large",
        **{"epochs": 9, "values": 120, "kept": [0, 9], "bytes": {SPECTRA_FILE: 2e6, LAYERS_FILE: 1e6}},
        "writer": {"opened": 1, "held": 2, "stored": 3},
        "readers": {"opened": 4, "vectored": 5, "framed": 6},
    }
    assert "| both, had every vector been kept, MB, computed | 11 |" in long_trial.markdown(result)


def test_the_files_of_200_epochs_of_resnet_large_stay_under_200_megabytes() -> None:
    kept = Path(long_trial.__file__).parent / "results" / "long_trial-cpu-resnet-large.json"
    result = json.loads(kept.read_text())
    assert (result["architecture"], result["epochs"]) == ("resnet-large", 200)
    assert sum(result["bytes"].values()) < 200e6
