"""A store that is not as its study left it: whatever became of it, it is given again what it lacks, and it is said."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.postgresql import PostgreSQL
from tests.tuning.put_back import PostgreSQLStore, ServedStore, SQLiteStore
from tests.tuning.store.cases import DONE, SECONDS, points, record, tags, write_run
from tuning.records import LAYERS_FILE, MEASURE_SECONDS, SPECTRA_FILE, TRAIN_LOSS
from tuning.store import EpochLogged, RunStarted, StoredRun, StoreReader, StoreWriter, replay
from tuning.store.connection import connect
from tuning.store.ledger import Ledger

DataBase = SQLiteStore | PostgreSQLStore
Store = DataBase | ServedStore


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.slow, pytest.mark.cluster])])
def base(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> DataBase:
    monkeypatch.chdir(folder)
    if request.param == "sqlite":
        return SQLiteStore(folder)
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return PostgreSQLStore(server)


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=[pytest.mark.slow, pytest.mark.cluster]),
        pytest.param("server", marks=[pytest.mark.slow, pytest.mark.cluster]),
    ]
)
def store(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.chdir(folder)
    if request.param == "sqlite":
        return SQLiteStore(folder)
    if request.param == "postgresql":
        return PostgreSQLStore(request.getfixturevalue("postgresql"))
    _, port = request.getfixturevalue("served")
    return ServedStore(port, f"study of {folder.name}")


def opened(store: Store, folder: Path) -> StoreWriter:
    return StoreWriter(store.study, store.uri, folder / "study", {"name": store.study})


def half_done(store: Store, folder: Path) -> StoreWriter:
    """Two trials have ended and a third runs."""
    writer = opened(store, folder)
    write_run(writer, "k1")
    write_run(writer, "k2", epochs=5)
    writer.freeze("k1", {"values": {}})
    writer.start("k3", "run k3", tags("k3"), {"learning_rate": "0.1"})
    writer.epoch("k3", record(0))
    return writer


def to_the_end(writer: StoreWriter) -> None:
    """The third ends, and a fourth."""
    for epoch in (1, 2):
        writer.epoch("k3", record(epoch))
    writer.end("k3", "FINISHED", tags("k3", **DONE))
    write_run(writer, "k4")
    writer.freeze("k4", {"values": {"a": 1}})
    report = writer.close(SECONDS)
    assert report.complete, str(report)
    assert report.stored is not None
    assert (report.stored.runs, report.stored.points, report.stored.files) == (4, 34, 8)


def all_that_is_stored(store: Store) -> dict[str, tuple[object, ...]]:
    """Everything that a reader finds of each run, but for the moments."""
    reader = StoreReader(store.study, store.uri)
    found: dict[str, tuple[object, ...]] = {}
    for run in reader.runs():
        files = [reader.artifact(run, name) for name in (SPECTRA_FILE, LAYERS_FILE)]
        numbers = [point[1:] for point in points(reader, [run.run_id])]
        content = [path.read_bytes() if path is not None else None for path in files]
        assert run.tags["trial_key"] not in found, "no run is there twice"
        found[run.tags["trial_key"]] = (run.name, run.status, dict(run.tags), dict(run.params), numbers, content)
    return found


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> dict[str, tuple[object, ...]]:
    """What a study stores that nobody disturbs."""
    folder = tmp_path_factory.mktemp("whole")
    shutil.copy(empty_store, folder / "mlflow.db")
    store = SQLiteStore(folder)
    to_the_end(half_done(store, folder))
    return all_that_is_stored(store)


def stored(store: Store, key: str) -> StoredRun:
    return next(run for run in StoreReader(store.study, store.uri).runs() if run.tags.get("trial_key") == key)


def delete(store: Store, key: str) -> None:
    connect(store.uri).delete_run(stored(store, key).run_id)


def edit(**edited: str) -> Callable[[Store, str], None]:
    def set_tags(store: Store, key: str) -> None:
        client, run = connect(store.uri), stored(store, key)
        for name, value in edited.items():
            client.set_tag(run.run_id, name, value)

    return set_tags


def delete_tag(store: Store, key: str) -> None:
    connect(store.uri).delete_tag(stored(store, key).run_id, "condition")


def reopen(store: Store, key: str) -> None:
    connect(store.uri).update_run(stored(store, key).run_id, status="RUNNING")


def delete_files(store: Store, key: str) -> None:
    shutil.rmtree(stored(store, key).artifact_uri)


def add_points(store: Store, key: str) -> None:
    connect(store.uri).log_metric(stored(store, key).run_id, "val/accuracy", 99.0, step=1)


def make_again(store: Store, key: str) -> None:
    client, run = connect(store.uri), stored(store, key)
    experiment = client.get_experiment_by_name(store.study).experiment_id
    client.create_run(experiment, start_time=run.start_ms, tags=dict(run.tags))


CHANGES: dict[str, Callable[[Store, str], None]] = {
    "deleted": delete,
    "its key edited": edit(trial_key="another"),
    "taken for a summary": edit(phase="summary"),
    "its condition and end edited": edit(condition="other", stop_reason="diverged"),
    "a tag deleted": delete_tag,
    "running again": reopen,
    "its files deleted": delete_files,
    "points added": add_points,
    "made twice": make_again,
}


def skip_what_a_server_does_not_tell(store: Store, change: Callable[[Store, str], None]) -> None:
    if isinstance(store, ServedStore) and change in {delete_files, add_points}:
        pytest.skip("a server neither counts points nor shows its files without being asked run by run")


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_run_that_was_changed_between_two_sessions_is_whole_again_and_that_is_said(
    store: Store, folder: Path, whole: dict[str, tuple[object, ...]], change: Callable[[Store, str], None]
) -> None:
    skip_what_a_server_does_not_tell(store, change)
    half_done(store, folder).close(SECONDS)
    change(store, "k1")
    writer = opened(store, folder)
    (news,) = writer.news()
    assert "gets 1 of 3 runs again" in news
    assert "(k1 " in news
    to_the_end(writer)
    assert all_that_is_stored(store) == whole


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("key", ["k1", "k3"], ids=["ended", "running"])
def test_a_run_that_is_changed_while_its_study_runs_is_whole_in_the_end(
    store: Store, folder: Path, whole: dict[str, tuple[object, ...]], change: Callable[[Store, str], None], key: str
) -> None:
    if key == "k3" and change in {reopen, delete_files}:
        pytest.skip("it runs, and has no files yet")
    skip_what_a_server_does_not_tell(store, change)
    writer = half_done(store, folder)
    while writer.report().pending:
        pass
    change(store, key)
    to_the_end(writer)
    assert all_that_is_stored(store) == whole


def test_a_store_that_is_put_back_between_two_sessions_gets_what_it_has_lost(
    base: DataBase, folder: Path, whole: dict[str, tuple[object, ...]]
) -> None:
    writer = opened(base, folder)
    write_run(writer, "k1")
    writer.close(SECONDS)
    base.save("after_the_first")
    writer = opened(base, folder)
    write_run(writer, "k2", epochs=5)
    writer.freeze("k1", {"values": {}})
    writer.start("k3", "run k3", tags("k3"), {"learning_rate": "0.1"})
    writer.epoch("k3", record(0))
    writer.close(SECONDS)
    base.put_back("after_the_first")
    writer = opened(base, folder)
    assert any("gets 3 of 3 runs again" in line for line in writer.news())
    to_the_end(writer)
    assert all_that_is_stored(base) == whole


@pytest.mark.parametrize("state", ["empty", "in_the_middle"])
@pytest.mark.parametrize("next_event", ["an epoch", "a start"])
def test_a_store_that_is_put_back_while_its_study_runs_gets_what_it_has_lost(
    base: DataBase, folder: Path, whole: dict[str, tuple[object, ...]], state: str, next_event: str
) -> None:
    connect(base.uri)
    base.save("empty")
    opened(base, folder).close(SECONDS)
    base.save("in_the_middle")
    writer = half_done(base, folder)
    while writer.report().pending:
        pass
    base.put_back(state)
    if next_event == "a start":
        writer.start("k3", "run k3", tags("k3"), {"learning_rate": "0.1"})
    to_the_end(writer)
    assert all_that_is_stored(base) == whole


def test_what_others_have_added_to_a_run_stays_with_it(folder: Path, uri: str) -> None:
    store = SQLiteStore(folder)
    writer = half_done(store, folder)
    while writer.report().pending:
        pass
    client, run = connect(uri), stored(store, "k1")
    client.log_metric(run.run_id, "robust/accuracy", 0.5)
    client.set_tag(run.run_id, "note", "to be shown")
    to_the_end(writer)
    again = stored(store, "k1")
    assert (again.run_id, again.metrics["robust/accuracy"], again.tags["note"]) == (run.run_id, 0.5, "to be shown")


def test_a_run_that_nobody_here_has_reported_is_a_problem_at_the_end(folder: Path, uri: str) -> None:
    writer = half_done(SQLiteStore(folder), folder)
    while writer.report().pending:
        pass
    client = connect(uri)
    client.create_run(client.get_experiment_by_name("study").experiment_id, tags=tags("k9"))
    report = writer.close(SECONDS)
    assert not report.complete
    assert "1 run there that this study did not report" in str(report)


def test_a_run_that_is_no_trial_may_lie_beside_them(folder: Path, uri: str) -> None:
    writer = half_done(SQLiteStore(folder), folder)
    client = connect(uri)
    client.create_run(client.get_experiment_by_name("study").experiment_id, run_name="my notes")
    to_the_end(writer)


def test_the_files_of_a_run_that_was_deleted_with_the_folder_of_its_tables_are_taken_from_the_trash(
    store: Store, folder: Path, whole: dict[str, tuple[object, ...]]
) -> None:
    half_done(store, folder).close(SECONDS)
    delete(store, "k1")
    shutil.rmtree(folder / "study" / "spectra")
    to_the_end(opened(store, folder))
    assert all_that_is_stored(store) == whole


def test_a_folder_that_is_older_than_the_store_is_refused_and_undoes_nothing(
    store: Store, folder: Path, whole: dict[str, tuple[object, ...]]
) -> None:
    writer = half_done(store, folder)
    while writer.report().pending:
        pass
    shutil.copytree(
        folder / "study", folder / "older", ignore=shutil.ignore_patterns("*.part")
    )  # one may just be renamed
    writer.epoch("k3", record(1))
    writer.end("k3", "FINISHED", tags("k3", **DONE))
    assert writer.close(SECONDS).complete
    before = all_that_is_stored(store)
    with pytest.raises(ValueError, match=r"more of 1 runs than the journal in .* tells \(k3\): it is an older copy"):
        StoreWriter(store.study, store.uri, folder / "older")
    assert all_that_is_stored(store) == before
    writer = opened(store, folder)
    writer.start("k3", "run k3", tags("k3"), {"learning_rate": "0.1"})
    to_the_end(writer)
    assert all_that_is_stored(store) == whole


@pytest.mark.slow
@pytest.mark.cluster
def test_a_group_of_points_that_a_killed_driver_sent_a_server_in_part_is_sent_again(
    served: tuple[Path, int], folder: Path
) -> None:
    there, port = served
    store = ServedStore(port, f"study of {folder.name}")
    half_done(store, folder).close(SECONDS)
    run_id = stored(store, "k3").run_id
    with closing(sqlite3.connect(there / "mlflow.db", timeout=30)) as base:
        base.execute("DELETE FROM metrics WHERE run_uuid = ? AND key = ?", (run_id, TRAIN_LOSS))
        base.commit()
    writer = opened(store, folder)
    while writer.report().pending:
        pass
    with closing(sqlite3.connect(there / "mlflow.db", timeout=30)) as base:
        (count,) = base.execute("SELECT COUNT(*) FROM metrics WHERE run_uuid = ?", (run_id,)).fetchone()
    writer.close(SECONDS)
    assert count == len(record(0).metrics)


def test_files_that_are_not_what_was_given_are_found_by_a_replay(folder: Path, uri: str) -> None:
    writer = half_done(SQLiteStore(folder), folder)
    to_the_end(writer)
    path = Path(stored(SQLiteStore(folder), "k1").artifact_uri) / SPECTRA_FILE
    whole = path.read_bytes()
    path.write_bytes(bytes(len(whole)))
    report, (news,) = replay("study", uri, folder / "study", {"name": "study"})
    assert report.complete
    assert "k1 lacks files that it was given" in news
    assert path.read_bytes() == whole


def test_an_epoch_of_an_older_journal_was_measured_where_measuring_took_time() -> None:
    ledger = Ledger()
    ledger.take(RunStarted(key="k", name="k", tags=tags("k"), params={}, time_ms=1))
    ledger.take(EpochLogged(key="k", epoch=0, metrics={MEASURE_SECONDS: 0.1}))
    ledger.take(EpochLogged(key="k", epoch=1, metrics={TRAIN_LOSS: 0.1}))
    assert (ledger["k"].measured, ledger["k"].points) == (1, 2)
