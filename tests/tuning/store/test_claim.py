"""A study's name in a store is one study's alone, and one process goes on with it."""

import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.root import ROOT
from tests.tuning.store.cases import SECONDS, record, tags, write_run, written
from tuning.store import StoreReader, StoreWriter, set_aside
from tuning.store.connection import connect
from tuning.store.holder import Holder


def refusal(uri: str, folder: Path) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        StoreWriter("study", uri, folder)
    return str(caught.value)


def place(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


def claimed_and_killed(uri: str, folder: Path) -> None:
    """A process claims the name, and dies before its first run."""
    code = (
        "import os, sys; from pathlib import Path; from tuning.store import StoreWriter\n"
        "StoreWriter('study', sys.argv[1], Path(sys.argv[2])); os._exit(1)"
    )
    command = [sys.executable, "-c", code, uri, str(folder)]
    assert subprocess.run(command, check=False, cwd=ROOT).returncode == 1


def test_of_writers_that_come_at_once_one_has_the_name(folder: Path, uri: str) -> None:
    connect(uri)
    folders = [place(folder, f"of {number}") for number in range(6)]
    opened: list[StoreWriter] = []
    refused: list[str] = []
    together = threading.Barrier(len(folders))

    def come(mine: Path) -> None:
        together.wait()
        try:
            opened.append(StoreWriter("study", uri, mine))
        except ValueError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=come, args=(mine,)) for mine in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (writer,) = opened
    assert len(refused) == len(folders) - 1
    assert all("a study's name is one study's alone in a store" in line and "--name study-" in line for line in refused)
    write_run(writer, "k1")
    assert writer.close(SECONDS).complete


def test_a_name_under_which_nothing_was_written_is_given_back(folder: Path, uri: str) -> None:
    StoreWriter("study", uri, place(folder, "mine")).close(SECONDS)
    written(folder, uri, "k1")
    assert [run.tags["trial_key"] for run in StoreReader("study", uri).runs()] == ["k1"]
    refusal(uri, folder / "mine")


def test_an_experiment_that_somebody_has_made_beforehand_is_used_with_its_place_for_files(
    folder: Path, uri: str
) -> None:
    connect(uri).create_experiment("study", artifact_location=str(folder / "files"))
    written(folder, uri, "k1")
    (run,) = StoreReader("study", uri).runs()
    assert run.artifact_uri.startswith(str(folder / "files"))


def test_a_name_is_known_by_the_place_of_its_folder_where_its_number_was_lost(folder: Path, uri: str) -> None:
    mine = place(folder, "study")
    claimed_and_killed(uri, mine)
    (mine / "sent.json").unlink()
    written(folder, uri, "k1")


def test_a_name_whose_process_was_killed_before_its_first_run_is_free(folder: Path, uri: str) -> None:
    theirs = place(folder, "theirs")
    claimed_and_killed(uri, theirs)
    written(folder, uri, "k1")


def test_a_process_that_is_taken_over_from_another_machine_notices_and_writes_no_more(
    folder: Path, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = StoreWriter("study", uri, place(folder, "study"))
    write_run(first, "k1")
    while first.report().pending:
        pass
    shutil.copytree(
        folder / "study", folder / "copy", ignore=shutil.ignore_patterns("*.part")
    )  # one may just be renamed
    monkeypatch.setattr(socket, "gethostname", lambda: "another")
    second = StoreWriter("study", uri, folder / "copy")
    first.start("k2", "run", tags("k2"), {})
    first.epoch("k2", record(1))
    report = first.close(SECONDS)
    assert first.lost is not None
    assert f"taken over by {Holder.this_process(folder / 'copy')}" in first.lost
    assert not report.complete
    write_run(second, "k3")
    assert second.close(SECONDS).complete
    assert [run.tags["trial_key"] for run in StoreReader("study", uri).runs()] == ["k1", "k3"]


@pytest.mark.parametrize("change", ["renamed", "deleted"])
def test_an_experiment_that_goes_away_under_its_study_is_told_with_the_cure(
    folder: Path, uri: str, change: str
) -> None:
    writer = StoreWriter("study", uri, place(folder, "study"))
    write_run(writer, "k1")
    while writer.report().pending:
        pass
    client = connect(uri)
    experiment = client.get_experiment_by_name("study").experiment_id
    if change == "renamed":
        client.rename_experiment(experiment, "mine now")
    else:
        client.delete_experiment(experiment)
    write_run(writer, "k2")
    report = writer.close(SECONDS)
    assert not report.complete
    told = {
        "renamed": "got it renamed to 'mine now'; give it its name back",
        "deleted": f"`mlflow experiments restore --experiment-id {experiment}`",
    }
    assert told[change] in str(report)
    if change == "renamed":
        client.rename_experiment(experiment, "study")
    else:
        client.restore_experiment(experiment)
    written(folder, uri, "k3")
    assert [run.tags["trial_key"] for run in StoreReader("study", uri).runs()] == ["k1", "k2", "k3"]


WAITS = """
import sys; from pathlib import Path; from tuning.store import StoreWriter
writer = StoreWriter("study", sys.argv[1], Path(sys.argv[2]))
print(flush=True); sys.stdin.readline(); writer.close(60)
"""


def test_a_study_that_runs_is_not_set_aside_by_another(folder: Path, uri: str) -> None:
    command = [sys.executable, "-c", WAITS, uri, str(place(folder, "theirs"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(ValueError, match=f"a study that runs is not set aside, got .* process {process.pid}, in"):
            set_aside("study", uri, "(old)", folder)
        process.communicate("\n")
    assert set_aside("study", uri, "(old)", folder) == "study (old)"


def test_a_process_is_known_to_live_or_to_be_dead_on_its_own_machine_alone(tmp_path: Path) -> None:
    mine = Holder.this_process(tmp_path)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        began = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
        other = Holder(user="a", host=mine.host, process=process.pid, began=began, folder="/else")
        elsewhere = Holder(user="a", host="b", process=process.pid, began=began, folder="/else")
        older = Holder(user="a", host=mine.host, process=process.pid, began="1", folder="/else")
        assert (other.lives(mine), other.is_dead(mine)) == (True, False)
        assert (older.lives(mine), older.is_dead(mine)) == (False, True)
        process.communicate()
    assert (other.lives(mine), other.is_dead(mine)) == (False, True)
    assert (elsewhere.lives(mine), elsewhere.is_dead(mine)) == (False, False)
    assert Holder.from_text(other.as_text()) == other
    assert Holder.from_text("{}") is None
    assert os.getpid() == mine.process
