"""The store behind a real MLflow server on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient

from tests.tuning.relay import Relay
from tests.tuning.store.cases import DONE, points, record, tags, write_run
from tuning.records import LAYERS_FILE, SPECTRA_FILE
from tuning.store import StoreReader, StoreWriter, history, replay, write_summary

SECONDS = 60.0

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mlflow server")]


@pytest.fixture
def url(served: tuple[Path, int]) -> str:
    return f"http://127.0.0.1:{served[1]}"


@pytest.fixture
def beside(served: tuple[Path, int]) -> str:
    """The server's own data base, opened beside it, as ``mlflow ui`` and a driver share one file."""
    return f"sqlite:///{served[0]}/mlflow.db"


@pytest.fixture
def relay(served: tuple[Path, int]) -> Iterator[Relay]:
    relay = Relay(served[1])
    yield relay
    relay.cut()


def written(study: str, uri: str, folder: Path) -> StoreReader:
    writer = StoreWriter(study, uri, folder / study)
    write_run(writer, "k1")
    write_run(writer, "k2", epochs=5)
    assert writer.close(SECONDS).complete
    return StoreReader(study, uri)


def test_a_bare_server_shows_what_was_written_beside_it(url: str, beside: str, tmp_path: Path) -> None:
    direct = written("local", beside, tmp_path)
    served = StoreReader("local", url)
    ids = [run.run_id for run in direct.runs()]
    assert served.runs() == direct.runs()
    assert points(served, ids) == points(direct, ids)
    assert {file.path for file in MlflowClient(url).list_artifacts(ids[0])} == {SPECTRA_FILE, LAYERS_FILE}


def test_what_is_written_through_a_server_equals_what_is_written_beside_it(
    url: str, beside: str, tmp_path: Path
) -> None:
    readers = [written("through", url, tmp_path), written("direct", beside, tmp_path)]
    runs = [reader.runs() for reader in readers]
    assert [(run.name, run.status, run.tags, run.params) for run in runs[0]] == [
        (run.name, run.status, run.tags, run.params) for run in runs[1]
    ]
    stored = [points(reader, [found[1].run_id]) for reader, found in zip(readers, runs, strict=True)]
    assert [point[1:] for point in stored[0]] == [point[1:] for point in stored[1]]
    files = [reader.artifact(found[1], SPECTRA_FILE) for reader, found in zip(readers, runs, strict=True)]
    assert pq.read_table(files[0]).equals(pq.read_table(files[1]))
    assert readers[0].artifact(runs[0][0], "other") is None


def test_histories_longer_than_an_answer_are_read_whole(
    url: str, beside: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    direct = written("long", beside, tmp_path)
    ids = [run.run_id for run in direct.runs()]
    monkeypatch.setattr(history, "_ROWS_A_REQUEST", 5)
    assert points(StoreReader("long", url), ids) == points(direct, ids)


def test_a_summary_written_twice_through_a_server_is_there_once(url: str, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("a report")
    for _ in range(2):
        write_summary("summed", url, "cell", tags("cell", phase="summary"), {"mean/x": {1: 0.5}}, [page])
    reader = StoreReader("summed", url)
    (run,) = reader.runs()
    copy = reader.artifact(run, "report.html")
    assert copy is not None
    assert copy.read_text() == "a report"


def test_what_is_reported_while_the_server_is_away_arrives_when_it_is_back(relay: Relay, tmp_path: Path) -> None:
    writer = StoreWriter("away", relay.url, tmp_path)
    writer.start("k1", "run k1", tags("k1"), {"p": "v"})
    writer.epoch("k1", record(1))
    relay.cut()
    for epoch in range(2, 50):
        writer.epoch("k1", record(epoch))
    writer.end("k1", "FINISHED", DONE)
    write_run(writer, "k2")
    assert writer.report().pending >= 54
    relay.connect()
    report = writer.close(SECONDS)
    assert report.complete, str(report)
    reader = StoreReader("away", relay.url)
    first, second = reader.runs()
    assert [epoch for _, _, epoch, _ in points(reader, [first.run_id], ["val/accuracy"])] == list(range(1, 50))
    assert (first.status, second.status) == ("FINISHED", "FINISHED")
    path = reader.artifact(first, SPECTRA_FILE)
    assert path is not None
    assert sorted(set(pq.read_table(path)["epoch"].to_pylist())) == list(range(1, 50))
    relay.cut()
    assert reader.artifact(first, SPECTRA_FILE) == path  # what was fetched once is not asked for again


def test_a_writer_closed_while_the_server_is_away_says_what_waits_and_the_next_sends_it(
    relay: Relay, tmp_path: Path
) -> None:
    writer = StoreWriter("closed", relay.url, tmp_path)
    relay.cut()
    write_run(writer, "k1")
    report = writer.close(0.5)
    assert (report.sent, report.pending, report.complete) == (0, 6, False)
    assert "Connection refused" in str(report)
    assert str(tmp_path / "journal.jsonl") in str(report)
    relay.connect()
    report = StoreWriter("closed", relay.url, tmp_path).close(SECONDS)
    assert (report.sent, report.complete) == (6, True)


def test_a_store_that_was_reached_before_may_be_away_when_a_study_goes_on(relay: Relay, tmp_path: Path) -> None:
    writer = StoreWriter("again", relay.url, tmp_path)
    write_run(writer, "k1")
    assert writer.close(SECONDS).complete
    assert writer.away is None
    relay.cut()
    writer = StoreWriter("again", relay.url, tmp_path)
    assert writer.away is not None
    assert "the store must be reachable and writable" in writer.away
    write_run(writer, "k2")
    assert writer.report().pending == 6  # what was sent before does not wait again
    relay.connect()
    assert writer.close(SECONDS).complete
    assert [run.tags["trial_key"] for run in StoreReader("again", relay.url).runs()] == ["k1", "k2"]


def test_a_replay_sends_what_waits_and_says_where_nothing_can_be_sent(relay: Relay, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a study is sent from its journal, got none in"):
        replay("replayed", relay.url, tmp_path, {"name": "replayed"})
    writer = StoreWriter("replayed", relay.url, tmp_path)
    relay.cut()
    write_run(writer, "k1")
    assert not writer.close(0.5).complete
    with pytest.raises(ValueError, match="the store must be reachable and writable"):
        replay("replayed", relay.url, tmp_path, {"name": "replayed"})
    relay.connect()
    report, _ = replay("replayed", relay.url, tmp_path, {"name": "replayed"})
    assert (report.sent, report.complete) == (6, True)
    assert [run.status for run in StoreReader("replayed", relay.url).runs()] == ["FINISHED"]


def test_a_network_that_breaks_again_and_again_loses_and_doubles_nothing(
    relay: Relay, beside: str, tmp_path: Path
) -> None:
    writer = StoreWriter("broken", relay.url, tmp_path)
    for number in range(8):
        write_run(writer, f"k{number}")
        relay.cut()
        relay.connect()
    report = writer.close(SECONDS)
    assert report.complete, str(report)
    reader = StoreReader("broken", beside)
    runs = reader.runs()
    assert sorted(run.tags["trial_key"] for run in runs) == [f"k{number}" for number in range(8)]
    assert {run.status for run in runs} == {"FINISHED"}
    client = MlflowClient(beside)
    for run in runs:
        steps = [point.step for point in client.get_metric_history(run.run_id, "val/accuracy")]
        assert steps == [0, 1, 2, 3]
