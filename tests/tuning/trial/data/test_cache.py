"""The cache of decoded images: shared by processes, mended when broken, and silent about the test part."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits

from tests.root import ROOT
from tuning.settings import DataSettings
from tuning.trial.data import Batches, normalization, open_dataset, split
from tuning.trial.data.cache import cache_folder, fetch

DIGITS = DataSettings(name="digits")


class Counted:
    """A source of two images that says how often it was read."""

    def __init__(self, content=0, fingerprint="counted"):
        self.content, self.name, self.decoded = content, fingerprint, 0

    def fingerprint(self):
        return self.name

    def content_key(self):
        return f"content {self.content}"

    def decode(self, allocate):
        self.decoded += 1
        for part, offset in (("train", 0), ("test", 10)):
            allocate(f"{part}_images", (2, 1, 2, 2))[:] = self.content + offset
            allocate(f"{part}_labels", (2,))[:] = [0, 1]
        return ("even", "odd")


def entry_folder(cache):
    (entry,) = (cache / "content").iterdir()
    return entry


def test_a_source_is_decoded_once(tmp_path):
    source = Counted()
    first, again = (fetch(source, tmp_path, "train") for _ in range(2))
    assert source.decoded == 1
    assert first.class_names == again.class_names == ("even", "odd")
    assert first.images.tolist() == again.images.tolist() == np.full((2, 1, 2, 2), 0).tolist()
    assert first.labels.dtype == np.int64


def test_equal_content_in_two_places_is_decoded_once(tmp_path):
    here, there = Counted(fingerprint="here"), Counted(fingerprint="there")
    assert fetch(here, tmp_path, "train").key == fetch(there, tmp_path, "train").key
    assert (here.decoded, there.decoded) == (1, 0)


def test_changed_content_in_one_place_is_another_entry(tmp_path):
    before = fetch(Counted(content=1, fingerprint="yesterday"), tmp_path, "train")
    after = fetch(Counted(content=2, fingerprint="today"), tmp_path, "train")
    assert before.key != after.key
    assert (before.images[0, 0, 0, 0], after.images[0, 0, 0, 0]) == (1, 2)


def truncate(entry):
    with (entry / "train_images.npy").open("r+b") as file:
        file.truncate(100)


def overwrite(entry):
    np.save(entry / "train_images.npy", np.zeros((2, 1, 2, 2), dtype=np.uint8))


def remove_array(entry):
    (entry / "train_labels.npy").unlink()


def remove_entry(entry):
    for path in entry.iterdir():
        path.unlink()
    entry.rmdir()


def garble_entry(entry):
    (entry / "entry.json").write_text("{")


def foreign_entry(entry):
    (entry / "entry.json").write_text("[1]")


def rename_a_class(entry):
    path = entry / "entry.json"
    path.write_text(path.read_text().replace("even", "evil"))


@pytest.mark.parametrize(
    "spoil", [truncate, overwrite, remove_array, remove_entry, garble_entry, foreign_entry, rename_a_class]
)
def test_a_spoilt_entry_is_decoded_anew(tmp_path, spoil):
    source = Counted(content=5)
    fetch(source, tmp_path, "train")
    spoil(entry_folder(tmp_path))
    decoded = fetch(source, tmp_path, "train")
    assert source.decoded == 2
    assert decoded.images.min() == 5
    assert decoded.class_names == ("even", "odd")
    assert [path.suffix for path in (tmp_path / "content").iterdir()] == [""]


def test_a_garbled_index_is_found_again(tmp_path):
    source = Counted()
    fetch(source, tmp_path, "train")
    (index,) = (tmp_path / "index").iterdir()
    index.write_bytes(b"\xff\xfe")
    fetch(source, tmp_path, "train")
    assert source.decoded == 1
    assert index.read_text() == entry_folder(tmp_path).name


def test_readers_keep_their_images_while_an_entry_is_replaced(tmp_path):
    source = Counted(content=5)
    held = fetch(source, tmp_path, "train").images
    remove_array(entry_folder(tmp_path))
    fetch(source, tmp_path, "train")
    assert held.tolist() == np.full((2, 1, 2, 2), 5).tolist()


def test_writing_to_an_opened_image_changes_no_file(tmp_path):
    source = Counted()
    images = torch.from_numpy(fetch(source, tmp_path, "train").images)
    images.fill_(77)
    assert fetch(source, tmp_path, "train").images.max() == 0


def test_an_error_while_decoding_leaves_no_entry(tmp_path):
    class Broken(Counted):
        def decode(self, allocate):
            super().decode(allocate)
            raise ValueError("the 3rd image is damaged")

    with pytest.raises(ValueError, match="the 3rd image is damaged"):
        fetch(Broken(), tmp_path, "train")
    assert not list((tmp_path / "content").iterdir())
    assert fetch(Counted(), tmp_path, "train").images.max() == 0


def test_a_cache_that_cannot_be_a_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"cache must be a folder that can be written, got .*file.*SPECTUNE_CACHE"):
        open_dataset(DIGITS, tmp_path / "file")


def test_the_argument_wins_over_the_environment_and_that_over_the_home(tmp_path, monkeypatch):
    monkeypatch.delenv("SPECTUNE_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder(None) == tmp_path / ".cache" / "spectune"
    monkeypatch.setenv("SPECTUNE_CACHE", "~/elsewhere")
    assert cache_folder(None) == tmp_path / "elsewhere"
    assert cache_folder(tmp_path / "here") == tmp_path / "here"


HOMELESS = """
import os, sys
from tuning.trial.data.cache import cache_folder
from tuning.settings import DataSettings

os.setuid(12345)
del os.environ["HOME"]
for asked in (cache_folder, lambda _: DataSettings(name="mnist", path="~/images")):
    try:
        asked(None)
    except ValueError as error:
        print(error)
os.environ["SPECTUNE_CACHE"] = "/elsewhere"
print(cache_folder(None))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone becomes a user that the system knows nothing of")
def test_without_a_home_to_keep_it_in_a_cache_must_be_named(monkeypatch):
    monkeypatch.delenv("SPECTUNE_CACHE")
    done = subprocess.run([sys.executable, "-c", HOMELESS], cwd=ROOT, capture_output=True, text=True, check=True)
    no_home = "HOME is not set, and the system knows no home of user 12345"
    assert done.stdout.splitlines() == [
        f"the data cache must be a folder that can be found, got ~/.cache/spectune: {no_home}; set SPECTUNE_CACHE to a "
        "folder that can be written",
        f"path must be a folder that can be found, got ~/images: {no_home}; write the path out",
        "/elsewhere",
    ]


def test_digits_are_scikit_learns_scans(tmp_path):
    data = open_dataset(DIGITS, tmp_path)
    test_images, test_labels = data.test()
    pixels, labels = load_digits(return_X_y=True)
    ours = torch.cat([data.train_images, test_images]).reshape(-1, 64).numpy()
    rows = {
        row.tobytes(): label for row, label in zip(np.rint(pixels * 255 / 16).astype(np.uint8), labels, strict=True)
    }
    assert len(ours) == 1797
    assert [rows[row.tobytes()] for row in ours] == [*data.train_labels.tolist(), *test_labels.tolist()]
    assert data.input_shape == (1, 8, 8)
    assert data.class_names == tuple("0123456789")
    assert test_labels.bincount().tolist() == [round(count / 5) for count in np.bincount(labels)]


def test_a_cached_data_set_needs_neither_scikit_learn_nor_torchvision(tmp_path):
    open_dataset(DIGITS, tmp_path)
    program = (
        "import sys; from tuning.settings import DataSettings; from tuning.trial.data import open_dataset;"
        f"open_dataset(DataSettings(name='digits'), {str(tmp_path)!r});"
        "sys.exit(', '.join({'sklearn', 'torchvision'} & set(sys.modules)) or 0)"
    )
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert result.returncode == 0, result.stderr


def train_an_epoch(data):
    train, validation = split(data.train_labels, 0.1, seed=0)
    numbers = normalization(data.train_images, train)
    for index in (train, validation):
        part = Batches(
            images=data.train_images,
            labels=data.train_labels,
            index=index,
            normalization=numbers,
            batch_size=128,
            device=torch.device("cpu"),
            crop=1,
            flip=True,
        )
        yield from part.epoch(1)
        yield from part.in_order()


@pytest.mark.parametrize("spoilt", ["removed", "poisoned"])
def test_training_reads_no_byte_of_the_test_part(tmp_path, spoilt):
    clean = [x for x, _ in train_an_epoch(open_dataset(DIGITS, tmp_path))]
    key = entry_folder(tmp_path)
    for path in key.glob("test_*.npy"):
        path.unlink() if spoilt == "removed" else path.write_bytes(b"poison")
    before = (key / "train_images.npy").stat().st_ino
    data = open_dataset(DIGITS, tmp_path)
    assert all(x.equal(y) for x, (y, _) in zip(clean, train_an_epoch(data), strict=True))
    assert (key / "train_images.npy").stat().st_ino == before  # nothing was decoded anew
    images, labels = data.test()  # only now is the test part looked at, found broken, and mended
    assert len(images) == len(labels) == 1797 - len(data.train_labels)


def test_images_that_change_while_they_are_read_are_no_entry(tmp_path):
    class Restless(Counted):
        def decode(self, allocate):
            names = super().decode(allocate)
            self.name = "changed"
            return names

    with pytest.raises(ValueError, match="a data set must keep still while it is read, got files that changed"):
        fetch(Restless(), tmp_path, "train")
    assert not list((tmp_path / "content").iterdir())
    assert not list((tmp_path / "index").iterdir())


def test_a_moved_folder_is_recognized_by_its_content(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "old" / name).mkdir(parents=True)
        for number in range(3):
            Image.new("L", (4, 4), number).save(tmp_path / "old" / name / f"{number}.png")
    keys = []
    for name in ("old", "new"):
        keys.append(
            open_dataset(DataSettings(name="image-folder", path=str(tmp_path / name)), tmp_path / "cache").content_key
        )
        if name == "old":
            (tmp_path / "old").rename(tmp_path / "new")
    assert keys[0] == keys[1] == entry_folder(tmp_path / "cache").name
