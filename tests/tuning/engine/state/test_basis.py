"""What a study keeps beside what it asked: its images, and the versions that have run it."""

import json
from pathlib import Path

import pytest
import torch

from tests.tuning.studies import study
from tuning.content import Content, content_change
from tuning.engine.jobs import Submission
from tuning.engine.preflight import check_study
from tuning.engine.state.folder import StudyFolder
from tuning.engine.state.provenance import processor, versions
from tuning.study import answers
from tuning.surroundings import VERSION

ASKED = study()
PETS = Content(key="a" * 64, classes=("cat", "dog"), shape=(1, 8, 8), training_images=20)
COWS = Content(key="b" * 64, classes=("cow", "dog"), shape=(1, 8, 8), training_images=20)
OLD = {**versions(), "torch": "2.0.1"}


@pytest.fixture
def folder(tmp_path):
    folder = StudyFolder(tmp_path / "tiny")
    folder.path.mkdir()
    return folder


def kept(folder):
    return json.loads((folder.path / "study.json").read_text())


def test_a_study_is_kept_with_its_images_and_versions_and_is_the_same_study_again(folder):
    folder.keep(folder.whole(ASKED, PETS))
    beside = {"data": PETS.as_data(), "versions": [versions()]}
    assert kept(folder) == json.loads(json.dumps(ASKED.as_data())) | beside
    folder.refuse_another(ASKED)
    folder.refuse_other_images(PETS)
    assert folder.other_versions() == []
    assert folder.whole(ASKED, PETS) == folder.stored()


def test_other_images_are_refused(folder):
    folder.keep(folder.whole(ASKED, PETS))
    with pytest.raises(ValueError, match=r"got classes that are gone: cat; new classes: cow; put the data back, or .*"):
        folder.refuse_other_images(COWS)


def test_a_study_kept_without_images_and_versions_goes_on_and_keeps_them_from_then_on(folder):
    folder.keep(ASKED.as_data())
    folder.refuse_another(ASKED)
    folder.refuse_other_images(PETS)
    assert folder.other_versions() == []
    assert folder.whole(ASKED, None) == ASKED.as_data() | {"answers": answers(ASKED)}
    folder.keep(folder.whole(ASKED, PETS))
    with pytest.raises(ValueError, match="classes that are gone"):
        folder.refuse_other_images(COWS)


def test_a_folder_keeps_no_answers_for_a_version_that_knows_none_and_a_store_gets_those_that_follow(folder):
    assert folder.stored() is None
    folder.keep(folder.whole(ASKED, PETS))
    assert kept(folder).keys() == {*ASKED.as_data(), "data", "versions"}
    assert folder.stored() == kept(folder) | {"answers": answers(ASKED)}
    assert folder.begun().as_data() == ASKED.as_data()
    grown = study(confirm={"seeds": 3})
    folder.refuse_another(grown)
    folder.keep(folder.whole(grown, PETS))
    assert folder.stored()["answers"]["conditions"]["decay"]["planned"]["confirm"] == 3


def test_a_store_gets_a_study_that_this_version_refuses_as_it_is_kept(folder):
    refused = ASKED.as_data() | {"conditions": {"plain": {"regularizer": "of another version"}}}
    folder.keep(refused)
    assert folder.stored() == refused


def test_every_set_of_versions_is_kept_and_the_last_is_compared(folder):
    folder.keep(ASKED.as_data() | {"data": PETS.as_data(), "versions": [OLD]})
    told = f"torch 2.0.1 and goes on with torch {versions()['torch']}: bits may differ"
    assert folder.other_versions() == [f"this study was begun with {told}"]
    assert folder.whole(ASKED, PETS)["versions"] == [OLD, versions()]
    folder.keep(ASKED.as_data() | {"data": PETS.as_data(), "versions": [versions(), OLD]})
    assert folder.other_versions() == [f"this study was last run with {told}"]


def test_a_study_with_nothing_left_to_run_rests_on_what_it_did(folder):
    folder.keep(ASKED.as_data() | {"data": PETS.as_data(), "versions": [OLD]})
    assert folder.whole(ASKED, None) == kept(folder) | {"answers": answers(ASKED)}


@pytest.mark.parametrize("damage", [7, None, [], {}, {"content": 7}, "cats"])
def test_images_that_nobody_can_read_are_others(folder, damage):
    folder.keep(ASKED.as_data() | {"data": damage})
    with pytest.raises(ValueError, match="has the data that it was begun on"):
        folder.refuse_other_images(PETS)


def test_a_version_that_an_older_spectune_has_not_kept_is_no_change(folder):
    older = {name: version for name, version in versions().items() if name != "cuda"}
    folder.keep(ASKED.as_data() | {"data": PETS.as_data(), "versions": [older]})
    assert folder.other_versions() == []
    assert folder.whole(ASKED, PETS)["versions"] == [older, versions()]


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="this system does not tell its processor so")
def test_without_a_gpu_the_processor_is_named():
    named = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    assert processor() == named[0].split(": ", 1)[1]


@pytest.mark.parametrize("damage", [7, None, [7], {}])
def test_versions_that_nobody_can_read_bind_nobody(folder, damage):
    folder.keep(ASKED.as_data() | {"versions": damage})
    assert folder.other_versions() == []
    assert folder.whole(ASKED, PETS)["versions"] == [versions()]


def test_the_images_of_a_study_are_those_that_were_opened():
    content = check_study(ASKED)
    assert content.classes == tuple("0123456789")
    assert (content.shape, content.training_images) == ((1, 8, 8), 1438)
    assert json.loads(json.dumps(content.as_data())) == content.as_data()


CHANGES = {
    "training images 20 -> 21": {"training_images": 21},
    "an image's shape 1×8×8 -> 3×8×8": {"shape": [3, 8, 8]},
    "new classes: eel": {"classes": ["cat", "dog", "eel"]},
    "classes that are gone: dog": {"classes": ["cat"]},
    "the order of the classes": {"classes": ["dog", "cat"]},
    "new classes: 0, 1, 2, 3, 4 and 2 more": {"classes": ["cat", "dog", *"0123456"]},
    "other files or other content in as many images of the same classes (aaaaaaaaaaaa -> cccccccccccc)": {},
}


@pytest.mark.parametrize(("told", "change"), CHANGES.items(), ids=CHANGES)
def test_what_changed_of_the_images_is_said_in_words(told, change):
    assert content_change(PETS.as_data(), {**PETS.as_data(), "content": "c" * 64, **change}) == told


def test_equal_content_is_no_change():
    assert content_change(PETS.as_data(), json.loads(json.dumps(PETS.as_data()))) == ""


def test_a_job_is_told_the_version_of_the_code_that_was_sent(monkeypatch):
    assert Submission(study=ASKED).environment[VERSION] == versions()["spectune"]
    monkeypatch.setenv(VERSION, "9.9")
    assert versions.__wrapped__() == {**versions(), "spectune": "9.9"}


@pytest.mark.gpu
def test_a_gpu_that_is_used_is_named_although_the_processor_was_asked_for_before():
    processor()
    torch.zeros(1, device="cuda")
    assert processor() == torch.cuda.get_device_name()
