"""The data are the study's too: what was begun on some images goes on with them alone."""

import json
import os
import re
import shutil
import time
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from analysis.__main__ import app
from tests.tuning.place import Place
from tests.tuning.studies import tiny
from tuning.engine.state.provenance import processor, versions
from tuning.store import Journal, RunEnded, StoreReader

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.cluster]

CLASSES = ("one", "three", "two")
SMALL = {
    "architectures": [tiny()["architectures"][0]],
    "search": {"algorithm": "sobol", "trials": 3, "concurrency": 1},
    "confirm": {"seeds": 1},
}


def noise(path, seed):
    """Write an image of random pixels; every one takes as many bytes."""
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (8, 8), dtype=np.uint8)).save(path)


def drawn(folder):
    """Fill a folder with ten images of each class."""
    for number, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for index in range(10):
            noise(folder / name / f"{index}.bmp", [number, index])
    return folder


def asking(folder, images, **changes):
    return Place(folder, dataset={"name": "image-folder", "path": str(images)}, **{**SMALL, **changes})


def half_are_noise(images):
    for path in sorted(images.rglob("*.bmp"))[::2]:
        noise(path, 1000)


def a_class_is_renamed(images):
    (images / "two").rename(images / "zwei")


def an_image_is_added(images):
    noise(images / "one" / "more.bmp", 1000)


def an_image_is_swapped(images):
    """For one of equal size, and its date is put back."""
    path = images / "three" / "3.bmp"
    before = path.stat()
    noise(path, 1000)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


ATTACKS = {
    half_are_noise: r"got other files or other content in as many images of the same classes \(.* -> .*\); ",
    a_class_is_renamed: r"got classes that are gone: two; new classes: zwei; ",
    an_image_is_added: r"got training images 24 -> 25; ",
    an_image_is_swapped: r"got other files or other content in as many images of the same classes \(.* -> .*\); ",
}


def ended(place):
    """How many trials have."""
    return sum(isinstance(event, RunEnded) for event, _ in Journal(place.folder / "results" / "tiny").read())


def kept(place):
    return json.loads((place.folder / "results" / "tiny" / "study.json").read_text())


class Begun:
    """A study that was killed after its first trials, and the images that it was begun with."""

    def __init__(self, folder):
        self.images, self._originals = folder / "images", drawn(folder / "originals")
        self.put_back()
        self.place = asking(folder / "killed", self.images)
        self.place.kill_when(lambda: ended(self.place) >= 2)

    def put_back(self):
        shutil.rmtree(self.images, ignore_errors=True)
        shutil.copytree(self._originals, self.images)

    @contextmanager
    def under(self, attack):
        attack(self.images)
        try:
            yield
        finally:
            self.put_back()

    def copied(self, folder, **changes):
        """The same study at the same moment in another place, which may ask for more."""
        copy = asking(folder, self.images, **changes)
        shutil.copytree(self.place.folder / "results", folder / "results")
        for file in self.place.folder.glob("mlflow.db*"):  # what a killed process has written lies beside it
            shutil.copy(file, folder)
        return copy


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    return Begun(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def whole(begun, tmp_path_factory):
    """The same study on the same images, run once and not interrupted."""
    place = asking(tmp_path_factory.mktemp("whole"), begun.images)
    done = place.run()
    assert done.returncode == 0, done.stderr
    return place


@pytest.mark.parametrize(("attack", "told"), ATTACKS.items(), ids=[attack.__name__ for attack in ATTACKS])
def test_a_study_does_not_go_on_with_other_data(begun, attack, told):
    with begun.under(attack):
        done = begun.place.run()
    assert done.returncode == 2, done.stdout
    assert re.search(told, done.stderr), done.stderr
    assert "put the data back, or begin anew with --fresh" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_study_does_not_grow_on_other_data(begun, tmp_path):
    grown = begun.copied(tmp_path, search={**SMALL["search"], "trials": 4})
    with begun.under(half_are_noise):
        done = grown.run()
    assert done.returncode == 2, done.stdout
    assert "got other files or other content in as many images of the same classes" in done.stderr


def test_a_finished_study_is_not_finished_on_other_data(begun, whole):
    with begun.under(a_class_is_renamed):
        done = whole.run()
    assert done.returncode == 2, done.stdout
    assert "got classes that are gone: two; new classes: zwei" in done.stderr
    assert "nothing left to do" in whole.run().stdout


def test_other_data_begin_a_study_anew_with_fresh(begun, tmp_path):
    place = begun.copied(tmp_path)
    before = kept(place)["data"]
    with begun.under(half_are_noise):
        done = place.run("--fresh")
    assert done.returncode == 0, done.stderr
    after = StoreReader("tiny", place.uri).study_data["data"]
    assert before["content"] != after["content"]
    assert {run.tags["data"] for run in place.runs} == {after["content"]}


@pytest.fixture(scope="module")
def gone_on(begun, tmp_path_factory):
    """The killed study as if other versions had begun it, run to its end, and what that run printed."""
    place = begun.copied(tmp_path_factory.mktemp("on"))
    file = place.folder / "results" / "tiny" / "study.json"
    file.write_text(json.dumps({**kept(place), "versions": [{**versions(), "torch": "2.0.1", "numpy": "1.26"}]}))
    with begun.under(half_are_noise):
        assert place.run().returncode == 2
    return place, place.run()


def test_with_its_data_put_back_a_study_goes_on_to_the_numbers_of_an_uninterrupted_one(whole, gone_on):
    place, done = gone_on
    assert done.returncode == 0, done.stderr
    assert place.numbers() == whole.numbers()
    assert {run.tags["data"] for run in (*place.runs, *whole.runs)} == {kept(whole)["data"]["content"]}


def test_other_versions_are_said_once_kept_and_not_refused(gone_on):
    place, done = gone_on
    now = versions()
    line = (
        f"this study was begun with torch 2.0.1, numpy 1.26 and goes on with torch {now['torch']}, "
        f"numpy {now['numpy']}: bits may differ"
    )
    assert done.stdout.splitlines().count(line) == 1
    assert StoreReader("tiny", place.uri).study_data["versions"] == [{**now, "torch": "2.0.1", "numpy": "1.26"}, now]
    assert {run.tags["torch_version"] for run in place.runs} == {now["torch"]}
    assert {run.tags["cuda_version"] for run in place.runs} == {now["cuda"]}
    assert {run.tags["processor"] for run in place.runs} == {processor()}
    assert "bits may differ" not in place.run().stdout


def test_the_comparison_says_that_versions_were_mixed(gone_on):
    place, _ = gone_on
    compared = CliRunner().invoke(app, ["compare", "tiny", "--tracking-uri", place.uri])
    assert compared.exit_code == 0, compared.stderr
    assert f"torch 2.0.1 and {versions()['torch']} ({len(place.runs)} runs)" in compared.stderr


def test_data_replaced_in_the_middle_of_a_run_end_it_and_nothing_is_chosen_without_the_trials_they_kept_from_running(
    begun, whole, tmp_path
):
    place = asking(tmp_path, begun.images)
    process = place.begin()
    while not ended(place):
        assert process.poll() is None, process.communicate()
        time.sleep(0.0005)
    with begun.under(a_class_is_renamed):
        _, errors = process.communicate()
    assert process.returncode == 1, errors
    assert "the study has broken off (a trial is trained and tested on the data that its study began with" in errors
    assert {run.status for run in place.runs} <= {"FINISHED", "KILLED"}
    done = place.run()
    assert done.returncode == 0, done.stderr
    assert {run.status for run in place.runs} == {"FINISHED"}
    assert {run.tags["data"] for run in place.runs} == {kept(whole)["data"]["content"]}
    assert place.numbers() == whole.numbers()
