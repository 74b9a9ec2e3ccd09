"""Whatever changes of an image folder is other content, though sizes and dates stay."""

import hashlib
import os

import pytest
import torch
from PIL import Image

from tuning.settings import DataSettings
from tuning.trial.data import open_dataset
from tuning.trial.data.image_folder import ImageFolder


@pytest.fixture
def pets(tmp_path):
    """Settings of a folder of cats of grey levels 10, 11, 12 and dogs of 20, 21, 22, all files of one size and date."""
    for name, level in (("cat", 10), ("dog", 20)):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(3):
            draw_pet(tmp_path / "pets" / name / f"{number}.bmp", level + number)
    return DataSettings(name="image-folder", path=str(tmp_path / "pets"))


def draw_pet(path, level, date=1_000_000_000):
    Image.new("L", (4, 4), level).save(path)
    os.utime(path, (date, date))


def grey_levels(data):
    return sorted(torch.cat([data.train_images, data.test()[0]])[:, 0, 0, 0].tolist())


@pytest.mark.parametrize("date", [1_000_000_000, 1_000_000_001], ids=["the same date", "a later date"])
def test_an_edited_folder_is_read_again(tmp_path, pets, date):
    before = open_dataset(pets, tmp_path / "cache")
    assert grey_levels(before) == [10, 11, 12, 20, 21, 22]
    path = tmp_path / "pets" / "cat" / "1.bmp"
    size = path.stat().st_size
    draw_pet(path, 99, date)
    assert path.stat().st_size == size
    after = open_dataset(pets, tmp_path / "cache")
    assert before.content_key != after.content_key
    assert grey_levels(after) == [10, 12, 20, 21, 22, 99]


def test_classes_that_change_their_names_are_other_content(tmp_path, pets):
    before = open_dataset(pets, tmp_path / "cache")
    for old, new in (("cat", "third"), ("dog", "cat"), ("third", "dog")):
        (tmp_path / "pets" / old).rename(tmp_path / "pets" / new)
    after = open_dataset(pets, tmp_path / "cache")
    assert before.class_names == after.class_names
    assert before.content_key != after.content_key


def test_a_class_of_another_name_is_other_content(tmp_path, pets):
    before = open_dataset(pets, tmp_path / "cache")
    (tmp_path / "pets" / "dog").rename(tmp_path / "pets" / "dogs")
    after = open_dataset(pets, tmp_path / "cache")
    assert before.train_labels.equal(after.train_labels)
    assert before.content_key != after.content_key


def test_the_test_images_are_of_the_same_content_as_the_training_images(tmp_path, pets):
    data = open_dataset(pets, tmp_path / "cache")
    draw_pet(tmp_path / "pets" / "cat" / "1.bmp", 99)
    with pytest.raises(
        ValueError, match=f"content {data.content_key[:12]}, got .* of image-folder in .*; put the data back"
    ):
        data.test()


def test_what_a_version_has_cached_that_turned_no_image_is_not_believed(tmp_path, pets):
    root = tmp_path / "pets"
    digest = hashlib.sha256(b"image-folder")  # as that version computed it
    for path in sorted(root.rglob("*.bmp")):
        digest.update(os.fsencode(path.relative_to(root)) + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    found = ImageFolder(root)
    assert found.content_key() != digest.hexdigest()
    assert not found.fingerprint().removeprefix("image-folder ").isalnum()
