"""Image folders: what is read from them, and everything that can be wrong with them."""

import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from tuning.settings import DataSettings
from tuning.trial.data import open_dataset


def save(path, mode="RGB", size=(6, 5), seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).convert(mode).save(path)
    return pixels


def write_png16(path, pixels):
    """Write a PNG of 16 bits a channel, which Pillow reads and does not write, by the format's own description."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6}[channels], 0, 0, 0)
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in pixels)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)


def folder(root, classes=("cat", "dog"), images=5, mode="RGB"):
    for label, name in enumerate(classes):
        for number in range(images):
            save(root / name / f"{number}.png", mode, seed=100 * label + number)
    return root


@pytest.fixture
def opened(tmp_path):
    def open_folder(root):
        return open_dataset(DataSettings(name="image-folder", path=str(root)), tmp_path / "cache")

    return open_folder


def test_a_folder_of_classes_gives_a_fixed_fifth_of_each_as_test(tmp_path, opened):
    data = opened(folder(tmp_path / "pets", images=10))
    test_images, test_labels = data.test()
    assert data.class_names == ("cat", "dog")
    assert data.num_classes == 2
    assert data.input_shape == (3, 5, 6)
    assert data.train_labels.bincount().tolist() == [8, 8]
    assert test_labels.tolist() == [0, 0, 1, 1]
    everything = torch.cat([data.train_images, test_images]).flatten(1)
    assert len(everything.unique(dim=0)) == 20


def test_train_and_test_folders_are_the_parts(tmp_path, opened):
    root = tmp_path / "pets"
    folder(root / "train", images=3)
    expected = [save(root / "test" / name / "only.bmp", seed=9) for name in ("cat", "dog")]
    data = opened(root)
    images, labels = data.test()
    assert data.train_labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert labels.tolist() == [0, 1]
    assert np.array_equal(images.numpy(), np.stack(expected).transpose(0, 3, 1, 2))


def test_pixels_are_those_of_the_files(tmp_path, opened):
    root = tmp_path / "pets"
    folder(root / "test", images=1)
    expected = [save(root / "train" / name / f"{i}.png", seed=i) for name in ("cat", "dog") for i in range(2)]
    data = opened(root)
    assert data.train_images.dtype == torch.uint8
    assert np.array_equal(data.train_images.numpy(), np.stack(expected).transpose(0, 3, 1, 2))


def test_more_images_than_are_decoded_at_a_time_keep_their_order(tmp_path, opened):
    root = tmp_path / "many"
    for number in range(1100):
        path = root / "train" / "ab"[number % 2] / f"{number:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (2, 1), number % 251).save(path)
    folder(root / "test", classes=("a", "b"), images=1)
    for path in (root / "test").rglob("*.png"):
        Image.new("L", (2, 1), 0).save(path)
    data = opened(root)
    expected = [n % 251 for n in range(0, 1100, 2)] + [n % 251 for n in range(1, 1100, 2)]
    assert data.train_images[:, 0, 0, 0].tolist() == expected


def test_images_that_are_all_grey_have_one_channel(tmp_path, opened):
    assert opened(folder(tmp_path / "pets", mode="L")).input_shape == (1, 5, 6)


@pytest.mark.parametrize("mode", ["RGB", "P", "RGBA", "LA"])
def test_one_image_with_colours_palette_or_transparency_makes_three_channels(tmp_path, opened, mode):
    root = folder(tmp_path / "pets", mode="L")
    save(root / "cat" / "0.png", mode)
    data = opened(root)
    assert data.input_shape == (3, 5, 6)
    grey = data.train_images[data.train_labels == 1]
    assert grey[:, 0].equal(grey[:, 2])


def test_a_palette_with_transparency_is_read_by_its_colours(tmp_path, opened):
    root = folder(tmp_path / "pets", images=3)
    paletted = Image.new("P", (6, 5), 1)
    paletted.putpalette([0, 0, 0, 10, 20, 30])
    for number in range(3):
        paletted.save(root / "cat" / f"{number}.png", transparency=bytes([255, 7]))
    data = opened(root)
    assert data.train_images[0, :, 0, 0].tolist() == [10, 20, 30]


def test_hidden_files_and_files_that_are_no_images_are_left_alone(tmp_path, opened):
    root = folder(tmp_path / "pets")
    (root / ".git").mkdir()
    (root / "README.md").write_text("pets")
    (root / "cat" / ".0.png").write_text("")
    (root / "cat" / "labels.csv").write_text("")
    data = opened(root)
    assert data.class_names == ("cat", "dog")
    assert data.train_labels.bincount().tolist() == [4, 4]


def remove(root):
    for path in sorted(root.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    root.rmdir()


def one_class(root):
    remove(root / "dog")


def an_empty_class(root):
    (root / "eel").mkdir()


def no_classes(root):
    remove(root / "cat")
    remove(root / "dog")


def another_size(root):
    save(root / "dog" / "3.png", size=(6, 7))


def a_truncated_image(root):
    path = root / "dog" / "2.png"
    path.write_bytes(path.read_bytes()[:60])


def no_image_at_all(root):
    (root / "dog" / "1.jpg").write_text("not an image")


def sixteen_bits(root):
    Image.fromarray(np.zeros((5, 6), dtype=np.uint16)).save(root / "cat" / "0.png")


def train_and_val(root):
    for part in ("train", "val"):
        folder(root / part)
    one_class(root)
    remove(root / "cat")


def a_class_of_other_files(root):
    (root / "eel").mkdir()
    for number in range(2):
        (root / "eel" / f"{number}.HEIC").write_text("")


def sixteen_bits_of_colour(root):
    write_png16(root / "cat" / "0.png", np.zeros((5, 6, 3), dtype=np.uint16))


def an_animation(root):
    first, second = (Image.new("L", (6, 5), level) for level in (10, 200))
    first.save(root / "cat" / "4.gif", save_all=True, append_images=[second])


def parts_by_other_names(root):
    for part in ("Training", "Testing"):
        folder(root / part)
    one_class(root)
    remove(root / "cat")


def two_validation_parts(root):
    for part in ("train", "val", "validation", "test"):
        folder(root / part)


def other_validation_classes(root):
    for part in ("train", "test"):
        folder(root / part)
    folder(root / "val", classes=("cat", "cow"))


def a_circle_of_links(root):
    (root / "cat" / "circle").symlink_to(root / "cat")


def other_test_classes(root):
    folder(root / "train")
    folder(root / "test", classes=("cat", "cow"))


def a_dangling_link(root):
    (root / "cat" / "9.png").symlink_to(root / "nowhere.png")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            remove,
            "image-folder must be an existing folder, got .*pets; mend its path .a relative one begins",
        ),
        (no_classes, r"needs 2 or more classes, got 0 \(none\) in .*pets; make one a class"),
        (one_class, r"needs 2 or more classes, got 1 \(cat\) in .*pets; make one a class"),
        (an_empty_class, "every class needs 3 or more images .*, got 0 in .*eel; add some"),
        (a_class_of_other_files, r"every class needs 3 or more .*, got 0 in .*eel .and 2 \*.heic.; add some"),
        (another_size, "must have one size, got 6×5 in cat/0.png and 6×7 in dog/3.png under .*; resize"),
        (a_truncated_image, "images must be readable, got dog/2.png under .*; replace or remove"),
        (no_image_at_all, "images must be readable, got dog/1.jpg under .*; replace or remove"),
        (sixteen_bits, "must have 8 bits a channel, got mode I;16 in .*0.png; convert it"),
        (sixteen_bits_of_colour, "must have 8 bits a channel, got mode RGB of 16 bits in .*0.png; convert it"),
        (an_animation, "images must be still, got 2 frames in .*4.gif; make one of them a file"),
        (train_and_val, r"with parts has train/ and test/, got train and val in .*; name what results are read from"),
        (parts_by_other_names, "have the names of classes, got Testing and Training in .*pets, .*; call them train/"),
        (two_validation_parts, "validation has one folder, got val and validation in .*; join them"),
        (other_validation_classes, "train and val must have the same classes, got cow, dog in only one"),
        (a_circle_of_links, "folders must not contain each other, got the link .*circle; remove it"),
        (
            other_test_classes,
            "must have the same classes, got cow, dog in only one of them under .*; add or remove",
        ),
        (a_dangling_link, "image-folder must be readable, got .*9.png.*; mend it"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_folder_that_cannot_be_used_is_refused_in_one_line(tmp_path, opened, spoil, message):
    root = folder(tmp_path / "pets")
    spoil(root)
    with pytest.raises(ValueError, match=message) as error:
        opened(root)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("part", "least"), [("train", 2), ("test", 1)])
def test_each_part_needs_the_images_that_its_use_needs(tmp_path, opened, part, least):
    root = tmp_path / "pets"
    counts = {"train": 2, "test": 1}
    for each, images in (counts | {part: least - 1}).items():
        for name in ("cat", "dog"):
            (root / each / name).mkdir(parents=True)
        folder(root / each, images=images)
    with pytest.raises(ValueError, match=f"every class needs {least} or more images"):
        opened(root)
