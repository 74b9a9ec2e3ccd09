"""The journal: what was appended is there, whatever happened in between."""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tuning.store.cases import file_size_limit
from tuning.secrets import hide_password
from tuning.store import ChoiceFrozen, EpochLogged, Event, Journal, RunEnded, RunStarted
from tuning.store.bookmark import Bookmark, read_bookmark

EVENTS: list[Event] = [
    RunStarted(key="k-1", name='σ₁ ≤ 1 "quoted"\n', tags={"condition": "спектр"}, params={"lr": "0.1"}, time_ms=7),
    EpochLogged(key="k-1", epoch=0, metrics={"train/loss": 0.1 + 0.2, "val/accuracy": 1e-300}),
    EpochLogged(key="k-1", epoch=1, metrics={}, diverged=True, nonfinite=("train/loss",)),
    RunEnded(key="k-1", status="FAILED", tags={"stop_reason": "diverged"}, time_ms=8),
    ChoiceFrozen(key="k-1", choice={"values": {"training.learning_rate": 0.1 + 0.2, "regularizer.view": None}}),
]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path)
    for event in EVENTS:
        journal.append(event)
    yield journal
    journal.close()


def events(journal: Journal, start: int = 0) -> list[Event]:
    return [event for event, _ in journal.read(start)]


def test_events_are_read_back_as_they_were_appended(journal: Journal) -> None:
    assert events(journal) == EVENTS


def test_a_journal_that_was_never_written_is_empty(tmp_path: Path) -> None:
    assert events(Journal(tmp_path / "none")) == []
    assert not (tmp_path / "none").exists()


def test_reading_goes_on_from_every_offset_that_was_yielded(journal: Journal) -> None:
    for number, (_, end) in enumerate(journal.read()):
        assert events(journal, end) == EVENTS[number + 1 :]


@pytest.mark.parametrize("cut", [1, 2, 17, 60])
def test_a_torn_last_line_is_not_read_and_is_cut_off_by_the_next_append(journal: Journal, cut: int) -> None:
    journal.close()
    journal.path.write_bytes(journal.path.read_bytes()[:-cut])
    assert events(journal) == EVENTS[:-1]
    journal.append(EVENTS[-1])
    assert events(journal) == EVENTS


def test_a_journal_of_one_torn_line_starts_anew(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.path.write_bytes(b'{"event": "RunSta' * 10_000)
    journal.append(EVENTS[0])
    assert events(journal) == EVENTS[:1]
    journal.close()


def test_a_line_longer_than_a_block_is_found_whole(tmp_path: Path) -> None:
    long = RunStarted(key="k", name="n", tags={"note": "x" * 200_000}, params={}, time_ms=1)
    journal = Journal(tmp_path)
    journal.append(long)
    journal.close()
    journal.append(EVENTS[0])
    assert events(journal) == [long, EVENTS[0]]
    journal.close()


def test_a_full_disk_leaves_the_journal_as_it_was(journal: Journal) -> None:
    before = journal.path.read_bytes()
    with file_size_limit(len(before) + 20), pytest.raises(OSError, match=r"large|space"):
        journal.append(EVENTS[0])
    assert journal.path.read_bytes() == before
    journal.append(EVENTS[0])
    assert events(journal) == [*EVENTS, EVENTS[0]]


def test_a_damaged_line_is_told_with_its_place_and_the_cure(journal: Journal) -> None:
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(b"".join([lines[0], b'{"event": "Other"}\n', *lines[2:]]))
    with pytest.raises(ValueError, match=rf"got .*Other.* at byte {len(lines[0])}; restore it"):
        events(journal)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf], ids=str)
def test_no_event_holds_a_number_that_is_not_finite(value: float) -> None:
    with pytest.raises(AssertionError, match="only finite metrics"):
        EpochLogged(key="k", epoch=1, metrics={"train/loss": value})


@pytest.mark.parametrize("key", ["", "../up", "a/b", "it's", ".hidden", "a" * 200])
def test_no_key_can_leave_its_folder_or_break_a_search(key: str) -> None:
    with pytest.raises(AssertionError, match="a run's key names a folder"):
        RunEnded(key=key, status="FINISHED", tags={}, time_ms=1)


STORE = "http://user:secret@127.0.0.1:5000"


def bookmark(offset: int = 42) -> Bookmark:
    return Bookmark(journal="j", store=hide_password(STORE), experiment="1/1000", offset=offset)


def test_a_bookmark_is_of_its_store_and_keeps_no_password(tmp_path: Path) -> None:
    bookmark().write(tmp_path)
    kept = read_bookmark(tmp_path)
    assert kept == bookmark()
    assert kept.is_of(STORE)
    assert not kept.is_of("http://127.0.0.1:5001")
    assert "secret" not in (tmp_path / "sent.json").read_text()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"offset": 3}', '{"offset": 1e999}'])
def test_a_damaged_bookmark_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "sent.json").write_text(text)
    assert read_bookmark(tmp_path) is None


def test_what_was_appended_is_read_wherever_the_file_is_now(journal: Journal, tmp_path: Path) -> None:
    journal.append(EVENTS[0])
    assert journal.is_in_place()
    tmp_path.joinpath("journal.jsonl").rename(tmp_path / "moved")
    assert not journal.is_in_place()
    journal.append(EVENTS[1])
    assert events(journal) == [*EVENTS, *EVENTS[:2]]
    assert events(Journal(tmp_path)) == []
    journal.close()


def test_a_deleted_journal_is_written_back_unless_another_has_its_place(journal: Journal, tmp_path: Path) -> None:
    journal.append(EVENTS[0])
    journal.path.unlink()
    assert not journal.is_in_place()
    assert journal.write_back()
    assert events(Journal(tmp_path)) == [*EVENTS, EVENTS[0]]
    journal.path.write_bytes(b"another one's")
    assert not journal.write_back()
    assert journal.path.read_bytes() == b"another one's"
    assert {file.name for file in tmp_path.iterdir()} == {"journal.jsonl"}
    journal.close()
