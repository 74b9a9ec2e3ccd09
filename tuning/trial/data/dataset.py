"""A data set, opened: the training images at once, the test images only when asked for."""

import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from tuning.content import Content
from tuning.settings import DataSettings
from tuning.trial.data.cache import Decoded, cache_folder, fetch
from tuning.trial.data.image_folder import ImageFolder
from tuning.trial.data.sources import SOURCES


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Images of one size, memory-mapped from the node's cache.

    Attributes:
        train_images: uint8, shape (N, C, H, W).
        train_labels: int64, shape (N,), classes 0 … num_classes − 1.
        class_names: by class.
        content_key: a digest of the content, equal on every machine.
        validation: which of the training images the data set has for validation, ascending, shape (V,); None where a
            share of them is drawn.
        test: returns images and labels of the test part, of the same content. Until it is called no byte of them is
            read, and it is called in the confirm phase alone: settings cannot be chosen by data that nobody has seen.
    """

    train_images: Tensor
    train_labels: Tensor
    class_names: tuple[str, ...]
    content_key: str
    test: Callable[[], tuple[Tensor, Tensor]]
    validation: Tensor | None = None

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """``(channels, height, width)`` of one image."""
        channels, height, width = self.train_images.shape[1:]
        return channels, height, width

    @property
    def num_classes(self) -> int:
        """The number of classes."""
        return len(self.class_names)

    @property
    def content(self) -> Content:
        """What is kept of the data with what was trained on them."""
        images = len(self.train_labels)
        return Content(key=self.content_key, classes=self.class_names, shape=self.input_shape, training_images=images)


def open_dataset(settings: DataSettings, cache: str | Path | None = None) -> Dataset:
    """Return a data set, downloaded and decoded first where this node has not done it yet.

    Processes that ask at the same time wait for the one that decodes. Everything that can be wrong with the
    data is said here, before any training.

    Args:
        settings: which images.
        cache: the folder of decoded images; by default ``SPECTUNE_CACHE``, else ``~/.cache/spectune``.

    Returns:
        The opened data set.
    """
    folder = cache_folder(cache)
    source = SOURCES[settings.name](settings, folder)
    decoded = fetch(source, folder, "train")
    images, labels = _tensors(decoded)
    return Dataset(
        train_images=images,
        train_labels=labels,
        class_names=decoded.class_names,
        content_key=decoded.key,
        test=lambda: _tensors(_same(fetch(source, folder, "test"), decoded.key, settings)),
        validation=None if decoded.validation is None else torch.from_numpy(decoded.validation),
    )


def data_remarks(settings: DataSettings) -> tuple[str, ...]:
    """Say what is not read of the images that are there, and what of the settings is not used.

    Args:
        settings: which images.

    Returns:
        A sentence each; none for a data set that is published.

    Raises:
        ValueError: for an image folder that is not laid out as one.
    """
    if settings.name != "image-folder" or settings.path is None:
        return ()
    return ImageFolder(Path(settings.path)).remarks()


class DataError(ValueError):
    """A trial's images cannot be read, or are not those that its study was begun on: no fault of the trial."""


def check_content(found: str, wanted: str, settings: DataSettings) -> None:
    """See that images are those that a study was begun on.

    Args:
        found: the content key of what was opened.
        wanted: that of the study.
        settings: name the data set.

    Raises:
        ValueError: if the keys differ.
    """
    if found != wanted:
        where = settings.name if settings.path is None else f"{settings.name} in {settings.path}"
        raise ValueError(
            f"a trial is trained and tested on the data that its study began with, content {wanted[:12]}, got "
            f"{found[:12]} of {where} on {platform.node()}; put the data back on every node, or begin anew: --fresh"
        )


def _same(decoded: Decoded, key: str, settings: DataSettings) -> Decoded:
    """Return the part if it is of the content of the other one."""
    check_content(decoded.key, key, settings)
    return decoded


def _tensors(decoded: Decoded) -> tuple[Tensor, Tensor]:
    """Return images and labels as tensors over the mapped files."""
    return torch.from_numpy(decoded.images), torch.from_numpy(decoded.labels)
