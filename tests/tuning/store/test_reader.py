"""Reading back, and the summary runs."""

from pathlib import Path

import pytest
from mlflow.entities import Metric

from tests.tuning.store.cases import points, tags, write_run, written
from tuning.records import SPECTRA_FILE, TRAIN_LOSS, VAL_ACCURACY
from tuning.store import StoredRun, StoreReader, StoreWriter, history, write_summary
from tuning.store.connection import connect


@pytest.fixture
def study(folder: Path, uri: str) -> str:
    writer = StoreWriter("quickstart", uri, folder / "study")
    write_run(writer, "k1")
    write_run(writer, "k2")
    assert writer.close(60.0).complete
    return uri


def summaries(uri: str) -> list[StoredRun]:
    return [run for run in StoreReader("quickstart", uri).runs() if run.tags["phase"] == "summary"]


def test_an_unknown_study_is_told_with_the_nearest_and_all_known(study: str) -> None:
    with pytest.raises(ValueError, match=r"got 'quikstart' \(did you mean 'quickstart'\?\).*has: quickstart\."):
        StoreReader("quikstart", study)


@pytest.mark.parametrize("path", ["quickstart.yaml", "studies/quickstart.yml", "./quickstart"])
def test_a_study_asked_for_by_its_file_is_told_by_its_name(study: str, path: str) -> None:
    with pytest.raises(ValueError, match=r"read by the name in its file, got '.*' \(did you mean 'quickstart'\?\)"):
        StoreReader(path, study)


def test_a_store_without_studies_says_so(uri: str) -> None:
    with pytest.raises(ValueError, match=r"has: none yet\. Run the study first"):
        StoreReader("quickstart", uri)


def test_reading_a_store_that_does_not_exist_makes_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a store to read must exist"):
        StoreReader("quickstart", f"sqlite:///{tmp_path}/mlflow.db")
    assert not list(tmp_path.iterdir())


def test_history_holds_the_chosen_runs_and_metrics_alone(study: str) -> None:
    reader = StoreReader("quickstart", study)
    first, _ = reader.runs()
    found = points(reader, [first.run_id], ["val/accuracy"])
    assert found == [(first.run_id, "val/accuracy", epoch, 0.01 * epoch) for epoch in range(4)]
    assert points(reader, [], ["val/accuracy"]) == []


def test_of_several_points_at_one_epoch_the_latest_stays(study: str) -> None:
    reader = StoreReader("quickstart", study)
    run = reader.runs()[0].run_id
    for value, time in [(0.7, 2), (0.9, 1)]:
        connect(study).log_batch(run, metrics=[Metric("val/loss", value, time, 5)])
    assert points(reader, [run], ["val/loss"]) == [(run, "val/loss", 5, 0.7)]


@pytest.mark.parametrize(("runs_at_once", "rows_a_piece"), [(1, 1), (2, 3), (100, 1000)])
def test_history_read_in_groups_and_pieces_is_what_mlflow_says_of_each_run_and_metric(
    folder: Path, uri: str, monkeypatch: pytest.MonkeyPatch, runs_at_once: int, rows_a_piece: int
) -> None:
    monkeypatch.setattr(history, "_RUNS_AT_ONCE", runs_at_once)
    monkeypatch.setattr(history, "_ROWS_A_PIECE", rows_a_piece)
    written(folder, uri, "k1", "k2", "k3")
    reader, client = StoreReader("study", uri), connect(uri)
    run_ids = sorted(run.run_id for run in reader.runs())
    assert points(reader, run_ids) == [
        (run_id, metric, point.step, point.value)
        for run_id in run_ids
        for metric in (TRAIN_LOSS, VAL_ACCURACY)
        for point in client.get_metric_history(run_id, metric)
    ]


def test_a_run_tells_its_last_epoch(study: str, folder: Path) -> None:
    writer = StoreWriter("quickstart", study, folder / "study")
    write_run(writer, "k3", epochs=11)
    writer.start("k4", "run k4", tags("k4"), {})
    assert writer.close(60.0).complete
    epochs = {run.tags["trial_key"]: run.epochs for run in StoreReader("quickstart", study).runs()}
    assert epochs == {"k1": 3, "k2": 3, "k3": 11, "k4": 0}


def test_an_artifact_on_this_machine_is_read_where_it_lies(study: str, folder: Path) -> None:
    reader = StoreReader("quickstart", study)
    path = reader.artifact(reader.runs()[0], SPECTRA_FILE)
    assert path is not None
    assert path.is_relative_to(folder / "mlartifacts" / "quickstart")


def test_a_summary_written_again_replaces_the_earlier_one_as_a_whole(study: str, folder: Path) -> None:
    page = folder / "report.html"
    summary = tags("cell-1", phase="summary")
    for number in (1, 2):
        page.write_text(f"report {number}")
        values = {f"mean/{number}": {1: 0.5, 2: 0.5 + number}, "low/val/accuracy": {2: 0.25}}
        write_summary("quickstart", study, "cell-1", summary, values, [page])
    (run,) = summaries(study)
    assert (run.status, run.tags) == ("FINISHED", summary)
    assert run.metrics == {"mean/2": 2.5, "low/val/accuracy": 0.25}
    reader = StoreReader("quickstart", study)
    stored = reader.artifact(run, "report.html")
    assert stored is not None
    assert stored.read_text() == "report 2"
    assert {(metric, epoch) for _, metric, epoch, _ in points(reader, [run.run_id])} == {
        ("mean/2", 1),
        ("mean/2", 2),
        ("low/val/accuracy", 2),
    }


def test_every_cell_has_its_own_summary(study: str) -> None:
    for cell in ("cell-1", "cell-2"):
        write_summary("quickstart", study, cell, tags(cell, phase="summary"), {}, [])
    assert [run.tags["trial_key"] for run in summaries(study)] == ["cell-1", "cell-2"]


def test_a_summary_may_be_wider_than_one_call(study: str) -> None:
    values = {f"mean/{number}": {1: float(number)} for number in range(2500)}
    write_summary("quickstart", study, "cell-1", tags("cell-1", phase="summary"), values, [])
    assert summaries(study)[0].metrics == {name: by_epoch[1] for name, by_epoch in values.items()}
