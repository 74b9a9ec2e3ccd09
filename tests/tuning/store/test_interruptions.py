"""What an interruption leaves, and what comes after it: nothing lost, nothing twice."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.root import ROOT
from tests.tuning.store.cases import DONE, SECONDS, contents, file_size_limit, record, reopened, tags, written
from tuning.records import SPECTRA_FILE, TRAIN_LOSS, EpochRecord
from tuning.store import Journal, StoreReader, StoreWriter
from tuning.store.connection import connect


@pytest.mark.parametrize(
    "offset", [0, 10**9, -5, 7, 1e999], ids=["start", "beyond", "negative", "in a line", "infinite"]
)
def test_what_a_store_has_is_not_sent_again_whatever_the_bookmark_says(folder: Path, uri: str, offset: float) -> None:
    written(folder, uri, "k1")
    before = contents(folder)
    path = folder / "study" / "sent.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"offset": offset}))
    report = StoreWriter("study", uri, folder / "study").close(SECONDS)
    assert (report.sent, report.complete) == (0, True)
    assert contents(folder) == before


def test_an_epoch_reported_again_after_a_restart_is_there_once(folder: Path, uri: str) -> None:
    writer = StoreWriter("study", uri, folder / "study")
    writer.start("k1", "run", tags("k1"), {})
    writer.epoch("k1", record(1))
    writer.close(SECONDS)
    first = contents(folder)
    writer = StoreWriter("study", uri, folder / "study")
    writer.start("k1", "run", tags("k1"), {})
    writer.epoch("k1", EpochRecord(epoch=1, metrics={TRAIN_LOSS: 99.0}))
    assert writer.close(SECONDS).complete
    assert contents(folder) == first


def test_a_failed_run_that_goes_on_becomes_one_finished_run_with_all_its_spectra(folder: Path, uri: str) -> None:
    written(folder, uri, "k1", status="FAILED")
    writer = StoreWriter("study", uri, folder / "study")
    writer.start("k1", "run k1", tags("k1"), {})
    writer.epoch("k1", record(4))
    writer.end("k1", "FINISHED", DONE)
    writer.close(SECONDS)
    reader = StoreReader("study", uri)
    (run,) = reader.runs()
    assert run.status == "FINISHED"
    assert spectra_epochs(reader.artifact(run, SPECTRA_FILE)) == [0, 1, 2, 3, 4]


def spectra_epochs(path: Path | None) -> list[int]:
    import pyarrow.parquet as pq

    assert path is not None
    return sorted(set(pq.read_table(path)["epoch"].to_pylist()))


def test_a_finished_run_that_goes_on_keeps_its_first_spectra(folder: Path, uri: str) -> None:
    written(folder, uri, "k1")
    assert not list((folder / "study" / "parts").rglob("*.arrow"))
    writer = StoreWriter("study", uri, folder / "study")
    writer.start("k1", "run k1", tags("k1"), {})
    writer.epoch("k1", record(4))
    writer.end("k1", "FINISHED", DONE)
    writer.close(SECONDS)
    reader = StoreReader("study", uri)
    assert spectra_epochs(reader.artifact(reader.runs()[0], SPECTRA_FILE)) == [0, 1, 2, 3, 4]


def test_a_torn_last_line_costs_that_line_alone(folder: Path, uri: str) -> None:
    written(folder, uri, "k1")
    before = contents(folder)
    with (folder / "study" / Journal.NAME).open("ab") as journal:
        journal.write(b'{"event": "EpochLogged", "key": "k1", "epo')
    reopened(folder, uri)
    assert contents(folder) == before
    written(folder, uri, "k2")
    assert len(contents(folder)["runs"]) == 2


REPORTS_FOR_EVER = """
import sys
from pathlib import Path
from tests.tuning.store.cases import record, tags
from tuning.store import StoreWriter
writer = StoreWriter("study", sys.argv[1], Path(sys.argv[2]))
epoch = 0
while True:
    key = f"k{epoch // 20}"
    if epoch % 20 == 0:
        writer.start(key, key, tags(key), {"p": "v"})
    writer.epoch(key, record(epoch))
    if epoch % 20 == 19:
        writer.end(key, "FINISHED", {"stop_reason": "completed"})
    print(epoch, flush=True)
    epoch += 1
"""


@pytest.mark.parametrize("reports", [1, 30, 75])
def test_what_was_reported_before_a_kill_is_stored_once_after_it(folder: Path, uri: str, reports: int) -> None:
    command = [sys.executable, "-c", REPORTS_FOR_EVER, uri, str(folder / "study")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        for _ in range(reports):
            said = process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
    assert said == f"{reports - 1}\n"
    reopened(folder, uri)
    journal = list(Journal(folder / "study").read())
    steps = [step for _, name, step, _, _ in contents(folder)["metrics"] if name == TRAIN_LOSS]
    assert sorted(steps) == list(range(len(steps)))
    assert len(steps) >= reports
    assert len(journal) >= reports + reports // 20
    reader = StoreReader("study", uri)
    for run in reader.runs():
        if run.status == "FINISHED":
            first = 20 * int(run.tags["trial_key"][1:])
            assert spectra_epochs(reader.artifact(run, SPECTRA_FILE)) == list(range(first, first + 20))


def test_a_new_store_is_filled_from_the_journal(folder: Path, uri: str, empty_store: Path) -> None:
    written(folder, uri, "k1", "k2")
    other = folder / "other"
    other.mkdir()
    shutil.copy(empty_store, other / "mlflow.db")
    report = StoreWriter("study", f"sqlite:///{other}/mlflow.db", folder / "study").close(SECONDS)
    assert (report.sent, report.complete) == (12, True)
    assert str(report).endswith("other/mlflow.db; 12 events that it lacked before were sent now")
    assert contents(other) == contents(folder)


@pytest.mark.parametrize("again", [True, False], ids=["started again", "only ended"])
def test_a_run_made_twice_on_the_way_is_one_in_the_end(folder: Path, uri: str, again: bool) -> None:
    writer = StoreWriter("study", uri, folder / "study")
    writer.start("k1", "run", tags("k1"), {})
    writer.epoch("k1", record(1))
    writer.close(SECONDS)
    client, (run,) = connect(uri), StoreReader("study", uri).runs()
    experiment = client.get_experiment_by_name("study").experiment_id
    client.create_run(experiment, start_time=run.start_ms, tags=tags("k1"))
    writer = StoreWriter("study", uri, folder / "study")
    if again:
        writer.start("k1", "run", tags("k1"), {})
    writer.end("k1", "FINISHED", DONE)
    assert writer.close(SECONDS).complete
    (run,) = StoreReader("study", uri).runs()
    assert (run.status, run.metrics) == ("FINISHED", record(1).metrics)


def test_a_run_deleted_by_hand_is_made_anew_and_holds_back_nobody(folder: Path, uri: str) -> None:
    writer = StoreWriter("study", uri, folder / "study")
    writer.start("k1", "run", tags("k1"), {})
    writer.close(SECONDS)
    connect(uri).delete_run(StoreReader("study", uri).runs()[0].run_id)
    written(folder, uri, "k1", "k2")
    assert [run.tags["trial_key"] for run in StoreReader("study", uri).runs()] == ["k1", "k2"]


def test_a_setting_that_has_changed_is_named_by_a_tag(folder: Path, uri: str) -> None:
    writer = StoreWriter("study", uri, folder / "study")
    writer.start("k1", "run", tags("k1"), {"epochs": "3"})
    writer.start("k1", "run", tags("k1"), {"epochs": "5", "more": "1"})
    assert writer.close(SECONDS).complete
    (run,) = StoreReader("study", uri).runs()
    assert run.params == {"epochs": "3", "more": "1"}
    assert run.tags["changed_params"] == "epochs: 3 -> 5"


def test_a_full_disk_delays_reports_and_loses_none(folder: Path, uri: str) -> None:
    writer = StoreWriter("study", uri, folder / "study")
    writer.start("k1", "run k1", tags("k1"), {})
    with file_size_limit(1):
        writer.epoch("k1", record(1))
        writer.epoch("k1", record(2))
        assert writer.report().unwritten == 2
        assert not writer.report().complete
    writer.end("k1", "FINISHED", DONE)
    assert writer.close(SECONDS).complete
    reader = StoreReader("study", uri)
    (run,) = reader.runs()
    assert spectra_epochs(reader.artifact(run, SPECTRA_FILE)) == [1, 2]
    assert run.metrics == record(2).metrics


def left_open(folder: Path, uri: str) -> StoreWriter:
    """A study whose session was killed in the middle of a trial, opened again."""
    writer = StoreWriter("study", uri, folder / "study")
    writer.start("k1", "run", tags("k1"), {})
    writer.epoch("k1", record(1))
    writer.close(SECONDS)
    return StoreWriter("study", uri, folder / "study")


def is_closed_with_its_spectra(folder: Path, uri: str) -> bool:
    reader = StoreReader("study", uri)
    (run,) = reader.runs()
    stored = reader.artifact(run, SPECTRA_FILE) is not None and not (folder / "study" / "parts" / "k1").exists()
    return stored and (run.status, run.tags["stop_reason"]) == ("KILLED", "interrupted")


def test_a_run_that_is_superseded_before_it_ends_is_closed_with_its_spectra(folder: Path, uri: str) -> None:
    writer = left_open(folder, uri)
    writer.supersede("k1")
    assert writer.close(SECONDS).complete
    assert is_closed_with_its_spectra(folder, uri)
    (run,) = StoreReader("study", uri).runs()
    assert run.tags["phase"] == "superseded"


def test_runs_that_a_killed_session_left_open_can_be_closed(folder: Path, uri: str) -> None:
    writer = left_open(folder, uri)
    writer.close_open_runs()
    writer.close_open_runs()
    assert writer.close(SECONDS).complete
    assert is_closed_with_its_spectra(folder, uri)
