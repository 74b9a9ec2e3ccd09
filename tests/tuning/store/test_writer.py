"""The writer on a real SQLite store: nothing lost, nothing twice."""

import math
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.root import ROOT
from tests.tuning.store.cases import DONE, SECONDS, contents, points, record, reopened, tags, write_run, written
from tuning.records import LAYERS_FILE, SPECTRA_FILE, TRAIN_LOSS, VAL_ACCURACY, EpochRecord
from tuning.store import StoreReader, StoreWriter
from tuning.store.connection import connect


def test_a_run_is_stored_with_its_tags_params_points_status_and_files(folder: Path, uri: str) -> None:
    written(folder, uri, "k1")
    reader = StoreReader("study", uri)
    (run,) = reader.runs()
    assert (run.name, run.status, run.tags["points"]) == ("run k1", "FINISHED", "8")
    assert {name: value for name, value in run.tags.items() if name not in {"points", "files"}} == tags("k1", **DONE)
    assert run.params == {"learning_rate": "0.1", "epochs": "3"}
    assert run.metrics == record(3).metrics
    assert points(reader, [run.run_id]) == [
        (run.run_id, name, epoch, record(epoch).metrics[name])
        for name in (TRAIN_LOSS, VAL_ACCURACY)
        for epoch in range(4)
    ]
    assert reader.artifact(run, SPECTRA_FILE) is not None
    assert reader.artifact(run, LAYERS_FILE) is not None
    assert reader.artifact(run, "other.parquet") is None


def test_a_point_is_one_second_an_epoch_after_the_start(folder: Path, uri: str) -> None:
    written(folder, uri, "k1")
    start = contents(folder)["runs"][0][3]
    assert {(step, time - start) for _, _, step, time, _ in contents(folder)["metrics"]} == {
        (epoch, 1000 * epoch) for epoch in range(4)
    }


@pytest.mark.parametrize(
    "value", ["σ₁ ≤ 1", "спектр", "日本", 'it\'s "quoted" \\ %', "line\nbreak"], ids=lambda value: repr(value)
)
def test_a_tag_value_may_be_any_text(folder: Path, uri: str, value: str) -> None:
    writer = StoreWriter("study", uri, folder / "study")
    writer.start("k1", "run", tags("k1", condition=value), {"p": value})
    assert writer.close(SECONDS).complete
    (run,) = StoreReader("study", uri).runs()
    assert (run.tags["condition"], run.params["p"]) == (value, value)


def test_more_points_params_and_tags_than_a_call_takes_are_all_stored(folder: Path, uri: str) -> None:
    more = {f"note {number}": "x" for number in range(250)}
    params = {f"p{number}": "v" * 6000 for number in range(250)}
    writer = StoreWriter("study", uri, folder / "study")
    writer.start("k1", "run", tags("k1"), params)
    for epoch in range(1250):
        writer.epoch("k1", EpochRecord(epoch=epoch, metrics=record(epoch).metrics))
    writer.end("k1", "FINISHED", more)
    assert writer.close(SECONDS).complete
    stored = contents(folder)
    assert len(stored["metrics"]) == 2500
    assert len(stored["params"]) == 250
    assert {tag for _, tag, _ in stored["tags"]} >= set(more)


def test_an_event_that_mlflow_calls_invalid_is_reported_and_holds_back_nobody(folder: Path, uri: str) -> None:
    writer = StoreWriter("study", uri, folder / "study")
    writer.start("k1", "run", tags("k1"), {"a=b": "1"})
    write_run(writer, "k2")
    report = writer.close(SECONDS)
    assert (report.pending, report.refused, report.complete) == (0, 1, False)
    assert "a=b" in str(report)
    assert StoreReader("study", uri).runs()[-1].metrics == record(3).metrics


@pytest.mark.parametrize("value", [math.nan, math.inf], ids=str)
def test_a_number_that_is_not_finite_is_left_out_and_named_by_a_tag(folder: Path, uri: str, value: float) -> None:
    writer = StoreWriter("study", uri, folder / "study")
    writer.start("k1", "run", tags("k1"), {})
    writer.epoch("k1", EpochRecord(epoch=2, metrics={TRAIN_LOSS: value, VAL_ACCURACY: 0.5}, diverged=True))
    assert writer.close(SECONDS).complete
    (run,) = StoreReader("study", uri).runs()
    assert run.metrics == {VAL_ACCURACY: 0.5}
    assert run.tags["nonfinite"] == f"epoch 2: {TRAIN_LOSS}"


def test_a_run_without_every_tag_is_refused_at_once(folder: Path, uri: str) -> None:
    writer = StoreWriter("study", uri, folder / "study")
    some = tags("k1")
    del some["regularizer"]
    with pytest.raises(AssertionError, match=r"missing .'regularizer'."):
        writer.start("k1", "run", some, {})
    writer.close(SECONDS)


def test_a_second_writer_of_the_same_study_is_refused(folder: Path, uri: str) -> None:
    writer = StoreWriter("study", uri, folder / "study")
    with pytest.raises(ValueError, match="written by one process at a time, got a second one for 'study'"):
        StoreWriter("study", uri, folder / "study")
    writer.close(SECONDS)
    reopened(folder, uri)


def test_a_writer_opened_in_one_thread_works_in_another(folder: Path, uri: str) -> None:
    opened: list[StoreWriter] = []
    thread = threading.Thread(target=lambda: opened.append(StoreWriter("study", uri, folder / "study")))
    thread.start()
    thread.join()
    write_run(opened[0], "k1")
    assert opened[0].close(SECONDS).complete
    reopened(folder, uri)


def test_readers_are_let_in_while_the_writer_writes(folder: Path, uri: str) -> None:
    written(folder, uri, "k1")
    header = (folder / "mlflow.db").read_bytes()[18:20]
    assert header == b"\x02\x02", "both version bytes of a data base with a write-ahead log are 2"


def test_importing_the_room_does_not_import_mlflow() -> None:
    code = "import sys, tuning.store; sys.exit('mlflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_writing_says_nothing_on_the_terminal(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.tuning.store.cases import write_run\n"
        "from tuning.store import StoreWriter\n"
        "writer = StoreWriter('study', None, Path('results'))\n"
        "write_run(writer, 'k1'); print(writer.close(60))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    environment["PYTHONPATH"] = str(ROOT)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == (
        f"all is stored: 1 run, 8 points and 2 files, verified in sqlite:///{tmp_path}/mlflow.db\n",
        "",
    )
    assert isinstance(connect(f"sqlite:///{tmp_path}/mlflow.db"), MlflowClient)
