"""Which files of an image folder are read, how they are turned, and what is said of the others."""

import io

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps, features

from models import import_torchvision
from tests.tuning.studies import study
from tuning.engine.preflight import check_study
from tuning.settings import DataSettings
from tuning.trial.data import data_remarks, open_dataset
from tuning.trial.data.dataset_info import dataset_info
from tuning.trial.data.formats import suffixes
from tuning.trial.data.headers import read_header
from tuning.trial.trial_data import divided

CLASSES = ("cat", "dog")


def draw(path, seed, size=(6, 5), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, **options)
    return pixels


def settings(root, **more):
    return DataSettings(name="image-folder", path=str(root), **more)


@pytest.fixture
def many_formats(tmp_path):
    """Two classes of 6 PNG each, and 6 in a sub-folder, 6 .jfif and 6 .avif; files of other kinds beside them."""
    root = tmp_path / "pets"
    for label, name in enumerate(CLASSES):
        for number in range(6):
            places = (f"{number}.png", f"more/{number}.png", f"{number}.jfif", f"{number}.avif")
            for place, path in enumerate(places):
                draw(root / name / path, 100 * label + 10 * place + number)
            (root / name / f"{number}.txt").write_text("")
        (root / name / ".DS_Store").write_text("")
    (root / "README").write_text("")
    draw(root / "loose.png", 9)
    return root


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
def test_images_of_all_formats_and_in_sub_folders_are_read_in_torchvisions_order(tmp_path, many_formats):
    data = open_dataset(settings(many_formats), tmp_path / "cache")
    images, labels = data.test()
    assert data.train_labels.bincount().tolist() == [24 - 5, 24 - 5]
    assert labels.bincount().tolist() == [5, 5]
    theirs = import_torchvision().datasets.ImageFolder(
        many_formats, is_valid_file=lambda path: path.endswith((".png", ".jfif", ".avif"))
    )
    expected = [np.asarray(image).transpose(2, 0, 1) for image, label in theirs if label == 0]
    ours = torch.cat([data.train_images[data.train_labels == 0], images[labels == 0]])
    order = [
        next(i for i, expected_image in enumerate(expected) if np.array_equal(expected_image, image))
        for image in ours.numpy()
    ]
    assert order[:19] == sorted(order[:19])
    assert order[19:] == sorted(order[19:])


def test_what_is_left_out_is_counted_and_said(many_formats):
    assert data_remarks(settings(many_formats)) == (
        f"Left out of {many_formats}: 12 *.txt, 2 hidden, 1 without a suffix beside the class "
        "folders, 1 *.png beside the class folders.",
    )
    assert data_remarks(DataSettings(name="digits")) == ()


def test_a_folder_of_images_alone_leaves_nothing_to_say(tmp_path):
    for name in CLASSES:
        for number in range(3):
            draw(tmp_path / name / f"{number}.png", number)
    assert data_remarks(settings(tmp_path)) == ()


def test_every_suffix_is_of_a_format_that_pillow_decodes():
    assert {".png", ".jpg", ".jfif", ".avif", ".webp", ".tif", ".bmp", ".pgm", ".gif", ".jp2"} <= suffixes()
    assert not {".pdf", ".eps", ".mpg", ".h5", ".grib", ".wmf", ".txt"} & suffixes()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tif"])
def test_an_image_is_turned_as_its_exif_says(tmp_path, orientation, kind):
    exif = Image.Exif()
    exif[0x0112] = orientation
    size = (5, 6) if orientation > 4 else (6, 5)
    lossless = {"webp": {"lossless": True}}.get(kind, {})
    for name in CLASSES:
        for number in range(3):
            draw(tmp_path / "pets" / name / f"{number}.{kind}", number, size, exif=exif, **lossless)
    data = open_dataset(settings(tmp_path / "pets"), tmp_path / "cache")
    assert data.input_shape == (3, 5, 6)
    images = torch.cat([data.train_images[data.train_labels == 0], data.test()[0][:1]])
    found = {image.numpy().tobytes() for image in images}
    for number in range(3):
        with Image.open(tmp_path / "pets" / "cat" / f"{number}.{kind}") as image:
            turned = ImageOps.exif_transpose(image).convert("RGB")
        assert np.asarray(turned).transpose(2, 0, 1).tobytes() in found


def test_a_photo_on_its_side_is_turned_by_a_quarter_clockwise(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = [draw(tmp_path / "pets" / name / f"{n}.png", n, exif=exif) for name in CLASSES for n in range(3)]
    data = open_dataset(settings(tmp_path / "pets"), tmp_path / "cache")
    upright = {np.rot90(each, k=-1).transpose(2, 0, 1).tobytes() for each in pixels}
    assert {image.numpy().tobytes() for image in torch.cat([data.train_images, data.test()[0]])} == upright


def test_damaged_exif_turns_no_image(tmp_path):
    for name in CLASSES:
        for number in range(3):
            draw(tmp_path / "pets" / name / f"{number}.jpg", number, exif=b"Exif\0\0no header of it")
    assert open_dataset(settings(tmp_path / "pets"), tmp_path / "cache").input_shape == (3, 5, 6)


def in_parts(root, validation="val"):
    for first, (part, images) in enumerate((("train", 4), (validation, 3), ("test", 2))):
        for label, name in enumerate(CLASSES):
            for number in range(images):
                draw(root / part / name / f"{number}.png", 100 * first + 10 * label + number)
    return root


@pytest.mark.parametrize("name", ["val", "valid", "validation"])
def test_the_validation_images_are_those_of_their_own_folder(tmp_path, name):
    root = in_parts(tmp_path / "pets", name)
    dataset = settings(root, validation_fraction=0.5)
    for _ in range(2):  # decoded, and from the cache
        data = open_dataset(dataset, tmp_path / "cache")
        training, validation = divided(dataset, data, seed=3)
        assert (len(training), len(validation), len(data.test()[1])) == (8, 6, 4)
        assert data.train_labels[training].bincount().tolist() == [4, 4]
        assert data.train_labels[validation].bincount().tolist() == [3, 3]
        held_out = {image.numpy().tobytes() for image in data.train_images[validation]}
        files = [np.asarray(Image.open(path)).transpose(2, 0, 1) for path in (root / name).rglob("*.png")]
        assert held_out == {pixels.tobytes() for pixels in files}
    reduced = settings(root, training_images=4)
    training, validation = divided(reduced, data, seed=3)
    assert data.train_labels[training].bincount().tolist() == [2, 2]
    assert len(validation) == 6


def test_a_plan_counts_the_validation_folder_and_says_that_it_is_used(tmp_path):
    root = in_parts(tmp_path / "pets")
    (root / "extra").mkdir()
    dataset = settings(root, validation_fraction=0.5)
    found = dataset_info(dataset)
    assert (found.train_images, found.validation_images, found.test_images) == (14, 6, 4)
    assert found.split(dataset) == (8, 6)
    left_out, validation = found.remarks
    assert left_out == f"Left out of {root}: 1 extra beside train/ and test/."
    assert validation.endswith("validation_fraction is not used.")


def test_a_study_may_have_its_own_validation_images(tmp_path):
    the_study = study(dataset={"name": "image-folder", "path": str(in_parts(tmp_path / "pets")), "crop": 0})
    assert check_study(the_study).training_images == 14


def test_bits_a_channel_are_those_of_the_file():
    def bits(content):
        with Image.open(io.BytesIO(content)) as image:
            return read_header(image).bits

    assert bits(b"P6 1 1 255 " + bytes(3)) == 8
    assert bits(b"P6 1 1 65535 " + bytes(6)) == 16
    assert bits(b"P6 1 1 1023 " + bytes(6)) == 10
    coded = io.BytesIO()
    Image.new("RGB", (8, 8)).save(coded, "JPEG2000")
    assert bits(coded.getvalue()) == 8
    marked = coded.getvalue()
    first = marked.index(b"\xff\x4f\xff\x51") + 4 + 38
    assert bits(marked[:first] + b"\x0f" + marked[first + 1 :]) == 16
