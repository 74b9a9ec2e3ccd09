"""Scikit-learn's handwritten digits: real scans that need no download."""

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import torch

from tuning.trial.data.cache import Allocate
from tuning.trial.data.partition import fixed_test_part


@dataclass(frozen=True)
class Digits:
    """1,797 scans of 8 × 8 pixels in 10 classes; their 17 grey levels 0 … 16 are stretched to 0 … 255.

    The NIST digits of Alpaydin and Kaynak (UCI, 1998), test part, as scikit-learn ships them. Of each class
    a fixed fifth is the test part.
    """

    def fingerprint(self) -> str:
        """Return the name and the version of scikit-learn, which holds the data."""
        return f"digits {version('scikit-learn')}"

    def content_key(self) -> str:
        """Return the digest of the images and labels."""
        images, labels = _load()
        return hashlib.sha256(b"digits" + images.tobytes() + labels.tobytes()).hexdigest()

    def decode(self, allocate: Allocate) -> tuple[str, ...]:
        """Fill the arrays and return the class names."""
        images, labels = _load()
        parts = fixed_test_part(torch.from_numpy(labels))
        for part, index in zip(("train", "test"), parts, strict=True):
            allocate(f"{part}_images", (len(index), *images.shape[1:]))[:] = images[index.numpy()]
            allocate(f"{part}_labels", (len(index),))[:] = labels[index.numpy()]
        return tuple("0123456789")


def _load() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return uint8 images (1797, 1, 8, 8) and int64 labels."""
    from sklearn.datasets import load_digits  # takes a second, which a cached data set does not cost

    pixels, labels = load_digits(return_X_y=True)
    images = np.rint(pixels * (255 / 16)).astype(np.uint8).reshape(-1, 1, 8, 8)
    return images, labels.astype(np.int64)
