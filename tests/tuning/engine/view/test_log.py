import io
import re
import shutil
from datetime import datetime, timedelta

from rich.console import Console

from tests.tuning.engine.small_disk import enlarge, mounted, needs_mount
from tests.tuning.studies import study
from tuning.engine.state.history import History, Result
from tuning.engine.view.log import StudyLog
from tuning.engine.view.progress import Progress
from tuning.engine.view.store_watch import StoreWatch
from tuning.records import Phase

ASKED = study(search={"trials": 4})


def said(folder):
    """What the log has, without the times."""
    return [line[20:] for line in (folder / StudyLog.NAME).read_text().splitlines()]


def test_a_line_has_the_local_date_and_time_and_what_was_said_in_one_line(tmp_path):
    before = datetime.now().replace(microsecond=0)
    StudyLog(tmp_path).keep("größe\n  of it \ud800", "more")
    StudyLog(tmp_path).keep("another session")
    lines = (tmp_path / StudyLog.NAME).read_text().splitlines()
    assert said(tmp_path) == ["größe of it \\ud800", "more", "another session"]
    for line in lines:
        assert before <= datetime.fromisoformat(line[:19]) <= before + timedelta(days=1)
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d .*", line)


def test_a_folder_that_is_gone_is_not_made_again(tmp_path):
    log = StudyLog(tmp_path / "tiny")
    (tmp_path / "tiny").mkdir()
    log.keep("one")
    shutil.rmtree(tmp_path / "tiny")
    log.keep("two")
    assert not (tmp_path / "tiny").exists()


@needs_mount
def test_a_full_disk_costs_lines_and_a_larger_one_has_them_again(tmp_path):
    with mounted(tmp_path / "disk", "16k") as disk:
        log = StudyLog(disk)
        for number in range(500):
            log.keep(f"line {number} " + "-" * 100)
        there = said(disk)
        assert 0 < len(there) < 500
        enlarge(disk)
        log.keep("at last")
        assert said(disk)[-1].endswith("at last")


def test_on_a_terminal_too_the_log_has_the_first_epoch_every_end_and_the_stores_troubles(tmp_path, monkeypatch):
    history, screen = History(), io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100, color_system=None, legacy_windows=False)
    progress = Progress(ASKED, history, console, StudyLog(tmp_path))
    trouble = ["no route"]
    monkeypatch.setattr("time.monotonic", lambda: 0.0)
    progress.watch(StoreWatch(lambda: trouble[0]))
    progress.say("said")
    progress.begin(Phase.TUNE, {cell.key: 4 for cell in ASKED.cells})
    cell = ASKED.cells[0]
    trial = history.start(cell.settings(Phase.TUNE, 0, cell.draw(0)))
    for epoch in range(2):
        trial.results[epoch] = Result(objective=0.5, loss=1.0, seconds=1.0, diverged=False)
    progress.reported(trial)
    monkeypatch.setattr("time.monotonic", lambda: 60.0)
    progress.reported(trial)
    trouble[0] = None
    progress.reported(trial)
    trial.end(died=False)
    progress.ended(trial)
    progress.finish()
    told = [re.sub(r"; .* left in .*", "", line) for line in said(tmp_path)]
    assert told == [
        "said",
        "tune: first epoch of mlp-tiny/baseline, val accuracy 0.5000",
        "the store does not take what is reported (no route); trials go on, and the journal keeps it",
        "the store takes what is reported again",
        "tune: mlp-tiny/baseline 1/4 early stopped after 1 epochs, val accuracy 0.5000",
    ]
    assert "said" in screen.getvalue()
    assert "first epoch" not in screen.getvalue()
