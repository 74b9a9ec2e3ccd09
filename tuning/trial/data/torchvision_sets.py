"""MNIST, Fashion-MNIST, CIFAR and SVHN through torchvision's own loaders."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models import import_torchvision
from tuning.trial.data.cache import PARTS, Allocate

_IDX = "{train,t10k}-{images-idx3,labels-idx1}-ubyte.gz in its sub-folder"
LOADERS = {
    "mnist": ("MNIST", f"{_IDX} MNIST/raw"),
    "fashion-mnist": ("FashionMNIST", f"{_IDX} FashionMNIST/raw"),
    "cifar10": ("CIFAR10", "cifar-10-python.tar.gz there"),
    "cifar100": ("CIFAR100", "cifar-100-python.tar.gz there"),
    "svhn": ("SVHN", "train_32x32.mat and test_32x32.mat there"),
}
"""By our name: torchvision's class, and which files a machine without network needs in the downloads'
folder."""


@dataclass(frozen=True)
class TorchvisionSet:
    """A data set that torchvision downloads and verifies.

    Attributes:
        name: a key of the table above.
        root: the folder of the downloads; files that are there already are not fetched again.
    """

    name: str
    root: Path

    def fingerprint(self) -> str:
        """Return name and folder: the content is published, and what was decoded is not asked for again."""
        return f"torchvision {self.name} {self.root}"

    def content_key(self) -> str:
        """Return the digest of the images, labels and class names; downloads what is missing."""
        digest = hashlib.sha256(self.name.encode())
        for part in PARTS:
            images, labels, class_names = self._load(part)
            digest.update(images.data)
            digest.update(labels.data)
            digest.update("\0".join(class_names).encode())  # CIFAR's are in a file of their own
        return digest.hexdigest()

    def decode(self, allocate: Allocate) -> tuple[str, ...]:
        """Fill the arrays and return the class names."""
        class_names: tuple[str, ...] = ()
        for part in PARTS:
            images, labels, class_names = self._load(part)
            allocate(f"{part}_images", images.shape)[:] = images
            allocate(f"{part}_labels", labels.shape)[:] = labels
        return class_names

    def _load(self, part: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], tuple[str, ...]]:
        """Return images uint8 (N, C, H, W), labels int64 (N,) and class names of one part.

        Raises:
            ValueError: if files are missing and cannot be fetched, or are not what torchvision expects.
        """
        loader, files = LOADERS[self.name]
        which = {"split": part} if self.name == "svhn" else {"train": part == "train"}
        try:
            raw = getattr(import_torchvision().datasets, loader)(root=self.root, download=True, **which)
            images, labels, class_names = _arrays(raw)
            if len(images) != len(labels) or set(np.unique(labels)) != set(range(len(class_names))):
                raise ValueError(f"{len(images)} images, {len(labels)} labels of {len(class_names)} classes")
        except Exception as error:  # loaders fail in many ways: network, checksum, pickle, assertion, disk
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ValueError(
                f"{self.name} must lie in {self.root} or be downloadable, got: {reason}; "
                f"connect this machine once, or place {files}, replacing damaged ones"
            ) from error
        return images, labels, class_names


def _arrays(raw: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], tuple[str, ...]]:
    """Return what a loader holds in one layout: images (N, C, H, W), labels, class names.

    MNIST's loaders keep tensors (N, H, W), CIFAR's arrays (N, H, W, 3), SVHN's (N, 3, H, W) and no class
    names.
    """
    images = np.asarray(raw.data)
    if images.ndim == 3:
        images = images[:, None]
    elif images.shape[1] != 3:
        images = images.transpose(0, 3, 1, 2)
    labels = np.asarray(raw.labels if hasattr(raw, "labels") else raw.targets, dtype=np.int64)
    return np.ascontiguousarray(images), labels, tuple(getattr(raw, "classes", "0123456789"))
