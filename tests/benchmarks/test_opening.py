"""The benchmark of opening reads what was written, in processes of their own."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.tables.study_tables import load
from benchmarks import opening, reading, stored_study
from benchmarks.fresh_process import in_fresh_process, peak_megabytes
from tuning.records import METRICS

TRIALS, EPOCHS = 20, 1


@pytest.fixture(scope="module")
def spectra() -> stored_study.Spectra:
    return stored_study.measured("mlp-small")


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory, spectra: stored_study.Spectra) -> str:
    folder = tmp_path_factory.mktemp("opening")
    return stored_study.write(folder, "mlp-small", spectra, trials=TRIALS, epochs=EPOCHS)


def test_every_trial_has_every_metric_and_all_vectors_at_every_epoch(uri: str, spectra: stored_study.Spectra) -> None:
    tables = load(reading.STUDY, uri)
    assert tables.runs["phase"].value_counts().to_dict() == {"tune": 18, "confirm": 2}
    assert len(tables.epochs) == TRIALS * (EPOCHS + 1)
    assert tables.epochs[list(METRICS)].notna().all(axis=None)
    assert len(tables.layers) == TRIALS * (EPOCHS + 1) * len(spectra)
    values = sum(len(spectrum.singular_values) for spectrum in spectra.values())
    assert len(tables.spectra) == TRIALS * (EPOCHS + 1) * values
    vectors = tables.spectra.groupby(["run_id", "epoch", "layer"], observed=True)["value"]
    assert vectors.apply(lambda vector: bool(np.all(np.diff(vector) <= 0))).all()


def test_the_rival_frame_holds_what_the_tables_hold(uri: str) -> None:
    frame, mine = reading.framed(uri), load(reading.STUDY, uri).spectra
    assert isinstance(frame, pd.DataFrame)
    columns = ["run_id", "epoch", "layer", "index", "value"]
    rows = [
        table[columns].astype({"layer": str}).sort_values(columns[:4]).to_numpy().tolist() for table in (frame, mine)
    ]
    assert rows[0] == rows[1]


def test_enlarged_files_have_so_many_values_and_the_same_measures(
    tmp_path: Path, spectra: stored_study.Spectra
) -> None:
    uri = stored_study.write(tmp_path, "mlp-small", spectra, trials=2, epochs=EPOCHS)
    before = load(reading.STUDY, uri)
    number, rows = len(before.spectra), len(before.layers)
    stored_study.enlarge(uri, spectra, epochs=EPOCHS, times=3)
    after = load(reading.STUDY, uri)
    assert len(after.spectra) == 3 * number
    assert len(after.layers) == rows
    assert (after.layers.columns == before.layers.columns).all()


@pytest.mark.parametrize("reader", [name for name in reading.READERS if name != "framed"])
def test_a_reader_reads_a_study_to_its_end(uri: str, reader: str) -> None:
    reading.READERS[reader](uri)


def test_the_peak_of_a_fresh_process_is_its_own(uri: str) -> None:
    ballast = np.ones(40_000_000)
    assert in_fresh_process("benchmarks.reading", "framed", uri)["megabytes"] < ballast.nbytes / 1e6 < peak_megabytes()


@pytest.mark.slow
def test_every_reader_but_the_rival_reads_the_enlarged_files_too() -> None:
    result = opening.run(trials=10, epochs=1, rounds=1, architecture="mlp-small", readers=["loaded", "framed"])
    assert set(result["readers"]) == {"loaded", "framed"}
    assert set(result["enlarged"]) == {"loaded"}
    assert result["enlarged_files"] > result["files"] > 0


def test_the_table_says_medians_and_ratios_to_load_and_to_the_first_files() -> None:
    def taken(*seconds: float, megabytes: float) -> dict[str, list[float]]:
        processor = [each / 2 for each in seconds]
        return {"seconds": list(seconds), "processor": processor, "megabytes": [megabytes] * len(seconds)}

    result = {
        "machine": "a machine",
        "architecture": "mlp-small",
        **{
            "trials": 10,
            "epochs": 4,
            "weights": 3,
            "values": 100,
            "files": 7.0,
            "enlarged_files": 21.0,
        },
        "readers": {"loaded": taken(4.0, 1.0, 2.0, megabytes=300.0), "framed": taken(31.0, megabytes=3000.0)},
        "enlarged": {"loaded": taken(3.0, megabytes=330.0)},
    }
    _, _, sizes, _, *table = opening.markdown(result).splitlines()
    assert "1,350 points in SQLite, 5,000 singular values in files of 7 MB, then 20,000 in 21 MB" in sizes
    assert table[2:] == [
        "| `load` | 2.0 | 1.0 | 1 | 300 | 1 | 3 | 1.50 | 1.10 |",
        "| every `spectra.parquet` in one pandas frame | 31.0 | 15.5 | 16 | 3,000 | 10 | 1 |  |  |",
    ]
