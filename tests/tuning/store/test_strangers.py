"""Two studies of one name in two folders: their runs are never mixed in one store."""

import shutil
import time
from pathlib import Path

import pytest

from tests.tuning.store.cases import SECONDS, contents, reopened, write_run, written
from tuning.store import StoreReader, StoreWriter, replay


def another_store(folder: Path, empty_store: Path) -> str:
    folder.mkdir()
    shutil.copy(empty_store, folder / "mlflow.db")
    return f"sqlite:///{folder}/mlflow.db"


@pytest.fixture
def two(folder: Path, uri: str, empty_store: Path) -> tuple[Path, Path]:
    """The folders of two people who ran the same study, each into a store of their own."""
    theirs = folder / "theirs"
    written(folder, uri, "k1", "k2")
    time.sleep(0.01)  # no two people begin in the same millisecond
    written(theirs, another_store(theirs, empty_store), "k1", "k2")
    return folder, theirs


def test_a_study_does_not_go_on_in_the_store_of_another_of_the_same_name(two: tuple[Path, Path], uri: str) -> None:
    mine, theirs = two
    before = contents(mine)
    with pytest.raises(ValueError, match=r"a study's name is one study's alone in a store, got 'study' .* claimed by"):
        StoreWriter("study", uri, theirs / "study")
    with pytest.raises(ValueError, match=r"one study's alone in a store, got 'study' .* claimed by"):
        replay("study", uri, theirs / "study", None)
    assert contents(mine) == before
    written(mine, uri, "k3")


def test_a_study_without_its_bookmark_knows_its_own_runs(folder: Path, uri: str) -> None:
    written(folder, uri, "k1", "k2")
    before = contents(folder)
    (folder / "study" / "sent.json").unlink()
    reopened(folder, uri)
    assert contents(folder) == before


def test_a_store_of_which_a_folder_knows_a_part_alone_is_another_ones(folder: Path, uri: str) -> None:
    written(folder, uri, "k1", "k2")
    journal = folder / "study" / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(line for line in lines if b'"k2"' not in line))
    (folder / "study" / "sent.json").unlink()
    with pytest.raises(ValueError, match="this results folder does not know"):
        StoreWriter("study", uri, folder / "study")


def test_a_study_that_goes_on_in_another_store_says_what_stays_in_the_first(
    folder: Path, uri: str, empty_store: Path
) -> None:
    written(folder, uri, "k1")
    other = another_store(folder / "other", empty_store)
    writer = StoreWriter("study", other, folder / "study")
    assert writer.news() == [f"the results so far are in {uri}, and come to this store too"]
    write_run(writer, "k2")
    assert writer.close(SECONDS).complete
    assert [run.status for run in StoreReader("study", other).runs()] == ["FINISHED", "FINISHED"]
    again = StoreWriter("study", other, folder / "study")
    assert again.news() == []
    again.close(SECONDS)


def test_files_that_a_folder_has_not_kept_stay_in_the_first_store_and_are_told(
    folder: Path, uri: str, empty_store: Path
) -> None:
    written(folder, uri, "k1")
    shutil.rmtree(folder / "study" / "spectra")
    writer = StoreWriter("study", another_store(folder / "other", empty_store), folder / "study")
    (news,) = writer.news()
    assert news.endswith("come to this store too; the files of spectra of 1 trial stay there")
    report = writer.close(SECONDS)
    assert not report.complete
    assert "got 0 of 4 epochs" in str(report)
