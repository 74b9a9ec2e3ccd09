"""A study's folder that was damaged is refused in a line that names the file and the cure, and --fresh keeps it."""

import json

import pytest

from tests.tuning.studies import settings, study
from tuning.engine.state.folder import StudyFolder
from tuning.engine.state.history import History
from tuning.records import VAL_ACCURACY
from tuning.settings import to_params
from tuning.store import ChoiceFrozen, EpochLogged, Journal, RunEnded, RunStarted, RunSuperseded

ASKED = study()


@pytest.fixture
def folder(tmp_path):
    folder = StudyFolder(tmp_path / "tiny")
    folder.path.mkdir()
    folder.keep(ASKED.as_data())
    return folder


def refusal(action):
    with pytest.raises(ValueError, match=r".") as caught:
        action()
    message = str(caught.value)
    assert "\n" not in message
    assert "--fresh" in message
    return message


DAMAGES = {
    "empty": b"",
    "no JSON": b"{'name': 'tiny'}",
    "cut off": b'{"name": "ti',
    "no letters": b"\xff\xfe\x00",
    "of nothing": b"{}",
    "a list": b"[]",
    "a number": b"7",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_study_file_that_says_nothing_is_named(folder, damage):
    (folder.path / "study.json").write_bytes(damage)
    message = refusal(lambda: folder.refuse_another(ASKED))
    assert str(folder.path / "study.json") in message


def test_a_study_file_of_another_shape_is_another_study(folder):
    (folder.path / "study.json").write_text('{"search": {"trials": "many"}}')
    assert 'search.trials "many" -> ' in refusal(lambda: folder.refuse_another(ASKED))


def test_results_of_nobody_knows_which_study_are_refused_and_set_aside(folder):
    folder.journal.append(RunSuperseded(key="a"))
    (folder.path / "study.json").unlink()
    assert "none beside journal.jsonl" in refusal(lambda: folder.refuse_another(ASKED))
    kept = folder.set_aside("(old)")
    assert (kept / "journal.jsonl").exists()
    folder.refuse_another(ASKED)


def test_a_folder_in_the_place_of_the_journal_is_named(folder):
    (folder.path / "journal.jsonl").mkdir()
    assert str(folder.path / "journal.jsonl") in refusal(lambda: History().recall(folder.journal))


STARTED = RunStarted(
    key="tune__mlp-tiny__baseline__000",
    name="a",
    tags={},
    params=to_params(settings()),
    time_ms=1,
)
UNFITTING = {
    "an epoch of no trial": [EpochLogged(key="other", epoch=1, metrics={})],
    "the end of no trial": [RunEnded(key="other", status="FINISHED", tags={"stop_reason": "completed"}, time_ms=1)],
    "an end without reason": [STARTED, RunEnded(key=STARTED.key, status="FINISHED", tags={}, time_ms=1)],
    "a reason there is not": [
        STARTED,
        RunEnded(key=STARTED.key, status="FINISHED", tags={"stop_reason": "tired"}, time_ms=1),
    ],
    "a choice without its search": [STARTED, ChoiceFrozen(key=STARTED.key, choice={})],
    "settings there are not": [RunStarted(key="other", name="a", tags={}, params={"seed": "x"}, time_ms=1)],
}


@pytest.mark.parametrize("events", UNFITTING.values(), ids=UNFITTING)
def test_events_that_do_not_fit_are_named_with_their_journal(folder, events):
    journal = Journal(folder.path)
    for event in events:
        journal.append(event)
    message = refusal(lambda: History().recall(folder.journal))
    assert message.startswith(f"{journal.path}: ")
    assert events[-1].key in message


def test_what_is_whole_is_read(folder):
    journal = folder.journal
    journal.append(STARTED)
    journal.append(EpochLogged(key=STARTED.key, epoch=1, metrics={VAL_ACCURACY: 0.5}))
    history = History()
    history.recall(folder.journal)
    assert history.trials[STARTED.key].last.objective == 0.5
    folder.refuse_another(ASKED)
    assert json.loads((folder.path / "study.json").read_text())["name"] == ASKED.name
