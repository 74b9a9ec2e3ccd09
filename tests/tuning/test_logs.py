"""A study's log: one file, all sessions, every room and node, no secret, and none minds where it cannot be written."""

import io
import json
import logging
import re
import shutil
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
from rich.console import Console

from tests.root import ROOT
from tests.tuning.engine.small_disk import enlarge, mounted, needs_mount
from tests.tuning.studies import study
from tuning import logs
from tuning.engine.state.history import History, Result
from tuning.engine.view.progress import Progress
from tuning.engine.view.store_watch import StoreWatch
from tuning.records import Phase

ASKED = study(search={"trials": 4})
LOG = logging.getLogger("spectune.engine")


def said(folder, name=logs.RUN_LOG):
    """What the log has, without the times."""
    return [line[20:] for line in (folder / name).read_text().splitlines()]


def test_a_line_has_the_local_date_and_time_and_what_was_said_in_one_line(tmp_path):
    before = datetime.now().replace(microsecond=0)
    with logs.kept_in(tmp_path):
        logs.say("größe\n  of it \ud800", "more")
    with logs.kept_in(tmp_path):
        logs.say("another session")
    lines = (tmp_path / logs.RUN_LOG).read_text().splitlines()
    assert said(tmp_path) == ["größe of it \\ud800", "more", "another session"]
    for line in lines:
        assert before <= datetime.fromisoformat(line[:19]) <= before + timedelta(days=1)
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d .*", line)


def test_what_was_not_said_to_a_person_has_its_level_and_its_room_and_an_error_its_traceback(tmp_path):
    def fails():
        with logs.kept_in(tmp_path):
            LOG.debug("epoch %d", 3)
            raise RuntimeError("of ours")

    with pytest.raises(RuntimeError):
        fails()
    first, second, *traceback, last = (tmp_path / logs.RUN_LOG).read_text().splitlines()
    assert first[20:] == "DEBUG engine: epoch 3"
    assert second[20:] == "INFO spectune: the session has ended by an error"
    assert any("in fails" in line for line in traceback)
    assert last == "RuntimeError: of ours"


def test_a_warning_is_shown_on_the_terminal_too_and_nothing_less(tmp_path):
    shown = []
    with logs.kept_in(tmp_path, warn=shown.append):
        LOG.info("for the file alone")
        LOG.warning("look at %s", "this")
    assert shown == ["warning: look at this"]
    assert said(tmp_path) == ["INFO engine: for the file alone", "WARNING engine: look at this"]


def test_where_no_study_runs_the_loggers_are_as_python_made_them(tmp_path):
    logger = logging.getLogger(logs.NAME)
    before = logger.level, logger.propagate, list(logger.handlers)
    with logs.kept_in(tmp_path):
        assert (logger.level, logger.propagate) == (logging.DEBUG, False)
    assert (logger.level, logger.propagate, list(logger.handlers)) == before == (logging.NOTSET, True, [])


SECRETS = {
    "MLFLOW_TRACKING_USERNAME": "someone",
    "MLFLOW_TRACKING_PASSWORD": "pass word+1",
    "MLFLOW_TRACKING_TOKEN": "ey.token",
    "RAY_AUTH_TOKEN": "f00",
    "AWS_SECRET_ACCESS_KEY": "secret/key",
    "PGPASSWORD": "pg$",
}


def test_passwords_and_tokens_are_in_no_line_no_traceback_and_on_no_terminal(tmp_path, monkeypatch):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", "/a/place")
    shown, everything = [], " ".join([*SECRETS.values(), "postgresql://me:hush@host/base?password=hush2"])

    def fails():
        with logs.kept_in(tmp_path, warn=shown.append):
            logs.say(everything)
            LOG.warning("%s at /a/place", everything)
            raise RuntimeError(everything)

    with pytest.raises(RuntimeError):
        fails()
    text = (tmp_path / logs.RUN_LOG).read_text() + "".join(shown)
    for secret in [*SECRETS.values(), "me:", "hush"]:
        assert secret not in text.replace("in fails", "").replace("raise RuntimeError(everything)", "")
    assert "postgresql://***@host/base?password=***" in text
    assert "/a/place" in text


def test_a_log_is_bounded_and_its_latest_lines_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "_MOST_BYTES", 2000)
    with logs.kept_in(tmp_path):
        for number in range(400):
            logs.say(f"line {number}")
    files = sorted(tmp_path.glob(f"{logs.RUN_LOG}*"))
    assert [file.name for file in files] == ["run.log", "run.log.1", "run.log.2", "run.log.3"]
    assert all(file.stat().st_size <= 2000 for file in files)
    assert said(tmp_path)[-1] == "line 399"


def test_the_log_of_an_older_version_goes_on_and_its_name_leads_there(tmp_path):
    (tmp_path / logs.FORMER_LOG).write_text("2026-01-01 00:00:00 of before\n")
    with logs.kept_in(tmp_path):
        logs.say("of now")
    assert said(tmp_path) == said(tmp_path, logs.FORMER_LOG) == ["of before", "of now"]
    logs.delete(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_is_not_made_again_and_a_new_one_in_its_place_has_the_next_lines(tmp_path):
    folder = tmp_path / "tiny"
    folder.mkdir()
    with logs.kept_in(folder):
        logs.say("one")
        folder.rename(tmp_path / "tiny (old)")
        logs.say("two")
        assert not folder.exists()
        folder.mkdir()
        logs.say("three")
    assert (said(tmp_path / "tiny (old)"), said(folder)) == (["one"], ["three"])
    shutil.rmtree(folder)
    with logs.kept_in(folder):
        logs.say("four")
    assert not folder.exists()


@needs_mount
def test_a_full_disk_costs_lines_and_a_larger_one_has_them_again(tmp_path):
    with mounted(tmp_path / "disk", "16k") as disk, logs.kept_in(disk):
        for number in range(500):
            logs.say(f"line {number} " + "-" * 100)
        there = said(disk)
        assert 0 < len(there) < 500
        enlarge(disk)
        logs.say("at last")
        assert said(disk)[-1].endswith("at last")


WORKER = """
import logging, os, sys
from pathlib import Path
from tuning.logs import handed_over
with handed_over(Path(sys.argv[1])):
    logging.getLogger("spectune.trial").warning("went on from epoch %d", 3)
    os.kill(os.getpid(), 9)
"""


def test_a_line_of_a_worker_that_was_killed_is_in_the_log_once_with_its_trials_key_and_its_own_time(tmp_path):
    trial = tmp_path / "trial"
    trial.mkdir()
    subprocess.run([sys.executable, "-c", WORKER, str(trial)], cwd=ROOT, check=False)
    line = json.loads((trial / logs.WORKER_LOG).read_text())
    (trial / logs.WORKER_LOG).write_text(json.dumps({**line, "created": 0.0}) + '\n{"created": 1')
    with logs.kept_in(tmp_path):
        logs.take_over(trial, "tune__mlp__decay__000")
        logs.take_over(trial, "tune__mlp__decay__000")
    (taken,) = (tmp_path / logs.RUN_LOG).read_text().splitlines()
    moment, told = datetime.fromisoformat(taken[:19]), taken[20:]
    assert moment == datetime.fromtimestamp(0)
    assert told == "WARNING trial: [tune__mlp__decay__000] went on from epoch 3"
    assert list(trial.iterdir()) == []


def test_on_a_terminal_too_the_log_has_the_first_epoch_every_end_and_the_stores_troubles(tmp_path, monkeypatch):
    history, screen = History(), io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100, color_system=None, legacy_windows=False)
    progress = Progress(ASKED, history, console)
    trouble = ["no route"]
    monkeypatch.setattr("time.monotonic", lambda: 0.0)
    with logs.kept_in(tmp_path):
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
