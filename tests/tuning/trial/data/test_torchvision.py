"""torchvision's data sets: its own files, in its own formats, and what is said when they are not there."""

import gzip
import hashlib
import struct
import urllib.request

import numpy as np
import pytest
from scipy.io import savemat

from models import import_torchvision
from tuning.settings import DataSettings
from tuning.trial.data import open_dataset


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    """Send every download to a port of this machine at which nobody listens: a real failure, at once."""
    for scheme in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(scheme, "http://127.0.0.1:9")
    for exempt in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(exempt, "")
    # urllib keeps the proxies of its first download for all later ones, of other tests too.
    monkeypatch.setattr(urllib.request, "_opener", None)


def write_idx(path, array):
    """Write the format of MNIST's files: a magic number with type and rank, the shape, the bytes."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header + array.tobytes())


def write_mnist(root, loader="MNIST"):
    generator = np.random.default_rng(0)
    arrays = {}
    for part, count in (("train", 40), ("t10k", 20)):
        arrays[part] = generator.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        write_idx(root / loader / "raw" / f"{part}-images-idx3-ubyte", arrays[part])
        write_idx(root / loader / "raw" / f"{part}-labels-idx1-ubyte", (np.arange(count) % 10).astype(np.uint8))
    return arrays


def opened(name, root, cache):
    return open_dataset(DataSettings(name=name, path=str(root)), cache)


@pytest.mark.parametrize(("name", "loader"), [("mnist", "MNIST"), ("fashion-mnist", "FashionMNIST")])
def test_files_that_are_there_are_read_without_a_network(tmp_path, name, loader):
    arrays = write_mnist(tmp_path / "files", loader)
    data = opened(name, tmp_path / "files", tmp_path / "cache")
    images, labels = data.test()
    assert data.input_shape == (1, 28, 28)
    assert np.array_equal(data.train_images[:, 0].numpy(), arrays["train"])
    assert np.array_equal(images[:, 0].numpy(), arrays["t10k"])
    assert data.train_labels.tolist() == [n % 10 for n in range(40)]
    assert labels.tolist() == [n % 10 for n in range(20)]
    assert data.num_classes == 10


def test_svhn_keeps_its_axes_and_counts_ten_as_zero(tmp_path, monkeypatch):
    svhn = import_torchvision().datasets.SVHN
    generator = np.random.default_rng(0)
    checksums = {}
    for part in ("train", "test"):
        pixels = generator.integers(0, 256, (32, 32, 3, 20), dtype=np.uint8)
        path = tmp_path / "files" / f"{part}_32x32.mat"
        path.parent.mkdir(exist_ok=True)
        savemat(path, {"X": pixels, "y": (np.arange(20) % 10 + 1)[:, None]})
        checksum = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        checksums[part] = [*svhn.split_list[part][:2], checksum]
    monkeypatch.setattr(svhn, "split_list", checksums)  # ours are no 600 MB
    data = opened("svhn", tmp_path / "files", tmp_path / "cache")
    images, labels = data.test()
    assert data.input_shape == (3, 32, 32)
    assert np.array_equal(images.numpy(), pixels.transpose(3, 2, 0, 1))
    assert labels.tolist() == [(n + 1) % 10 for n in range(10)] * 2


def test_what_was_decoded_does_not_need_the_downloads_again(tmp_path):
    write_mnist(tmp_path / "files")
    first = opened("mnist", tmp_path / "files", tmp_path / "cache")
    for path in (tmp_path / "files" / "MNIST" / "raw").iterdir():
        path.unlink()
    again = opened("mnist", tmp_path / "files", tmp_path / "cache")
    assert again.train_images.equal(first.train_images)
    assert again.content_key == first.content_key


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "cifar10", "cifar100", "svhn"])
def test_without_files_and_network_one_line_says_what_to_do(tmp_path, name):
    with pytest.raises(ValueError, match=f"{name} must lie in .* or be downloadable, got: .*; connect") as error:
        opened(name, tmp_path / "files", tmp_path / "cache")
    message = str(error.value)
    assert "\n" not in message
    assert str(tmp_path / "files") in message
    assert "refused" in message
    assert not list((tmp_path / "cache" / "content").iterdir())


def test_downloads_go_to_the_cache_by_default(tmp_path):
    with pytest.raises(ValueError, match=f"cifar10 must lie in {tmp_path}/downloads/cifar10 or"):
        open_dataset(DataSettings(name="cifar10"), tmp_path)


def test_a_damaged_archive_is_not_unpacked(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "cifar-10-python.tar.gz").write_bytes(gzip.compress(b"damaged"))
    with pytest.raises(ValueError, match=r"cifar10 must lie in .*cifar-10-python.tar.gz there, replacing damaged ones"):
        opened("cifar10", tmp_path / "files", tmp_path / "cache")


@pytest.mark.parametrize("file", ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"])
def test_a_truncated_file_is_refused(tmp_path, file):
    write_mnist(tmp_path / "files")
    path = tmp_path / "files" / "MNIST" / "raw" / file
    path.write_bytes(path.read_bytes()[:30])
    with pytest.raises(ValueError, match=r"mnist must lie in .*replacing damaged ones"):
        opened("mnist", tmp_path / "files", tmp_path / "cache")


def test_images_and_labels_that_do_not_belong_together_are_refused(tmp_path):
    write_mnist(tmp_path / "files")
    labels = (np.arange(39) % 10).astype(np.uint8)
    write_idx(tmp_path / "files" / "MNIST" / "raw" / "train-labels-idx1-ubyte", labels)
    with pytest.raises(ValueError, match="got: 40 images, 39 labels of 10 classes"):
        opened("mnist", tmp_path / "files", tmp_path / "cache")


def test_other_names_of_classes_are_other_content(tmp_path, monkeypatch):
    write_mnist(tmp_path / "files")
    before = opened("mnist", tmp_path / "files", tmp_path / "cache")
    names = [f"the digit {number}" for number in range(10)]
    monkeypatch.setattr(import_torchvision().datasets.MNIST, "classes", names)
    after = opened("mnist", tmp_path / "files", tmp_path / "another cache")
    assert after.class_names == tuple(names)
    assert after.train_images.equal(before.train_images)
    assert after.content_key != before.content_key
