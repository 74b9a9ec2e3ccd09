"""Decoding image files with Pillow, in threads."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from tuning.trial.data.headers import read_header, upright

_GREY = ("1", "L")
_COLOUR = ("RGB", "RGBA", "RGBX", "P", "PA", "LA", "CMYK", "YCbCr", "HSV", "LAB")
_WITH_ALPHA = ("P", "PA", "LA")  # by way of RGBA, or Pillow warns of a palette's transparency

_SHARE = 256  # items

T = TypeVar("T")
R = TypeVar("R")


def check_alike(root: Path, paths: Sequence[Path]) -> tuple[int, int, int]:
    """Return the shape that all images share, reading their headers alone.

    Args:
        root: the folder that messages name files from.
        paths: the images, at least one.

    Returns:
        ``(channels, height, width)``; one channel if all images are grey, else three.

    Raises:
        ValueError: for two images of different sizes, one with more than 8 bits a channel or several frames, or no
            image.
    """
    headers = in_threads(lambda path: _look(root, path, read_header), paths)
    width, height = headers[0].size
    for path, header in zip(paths, headers, strict=True):
        if header.size != (width, height):
            raise ValueError(
                f"all images must have one size, got {width}×{height} in {paths[0].relative_to(root)} and "
                f"{header.size[0]}×{header.size[1]} in {path.relative_to(root)} under {root}; resize them first"
            )
        if header.mode not in _GREY + _COLOUR or header.bits > 8:
            mode = f"{header.mode} of {header.bits} bits" if header.mode in _GREY + _COLOUR else header.mode
            raise ValueError(f"images must have 8 bits a channel, got mode {mode} in {path}; convert it first")
        if header.frames > 1:
            raise ValueError(f"images must be still, got {header.frames} frames in {path}; make one of them a file")
    channels = 1 if all(header.mode in _GREY for header in headers) else 3
    return channels, height, width


def decode(root: Path, paths: Sequence[Path], images: np.ndarray[Any, Any]) -> None:
    """Decode images into an array.

    Args:
        root: the folder that messages name files from.
        paths: N images of one size.
        images: filled: uint8, shape (N, 1, H, W) for grey levels or (N, 3, H, W) for colours.
    """
    mode = "L" if images.shape[1] == 1 else "RGB"

    def store(number: int) -> None:
        pixels = _look(root, paths[number], lambda image: np.asarray(_converted(upright(image), mode)))
        images[number] = pixels.reshape(*images.shape[2:], images.shape[1]).transpose(2, 0, 1)

    in_threads(store, range(len(paths)))


def in_threads(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Return the work's results, in order; the first item that fails is the one whose error is raised.

    Reading, hashing and decoding release Python's lock, so threads hide a slow disk and share out large
    images. A thread takes many items at a time: handing one over costs as much as reading a small image.

    Args:
        work: what is done with each item.
        items: files, or numbers of files.

    Returns:
        One result an item.
    """
    shares = [items[first : first + _SHARE] for first in range(0, len(items), _SHARE)]
    with ThreadPoolExecutor() as pool:
        done = pool.map(lambda share: [work(item) for item in share], shares)
        return [result for results in done for result in results]


def _converted(image: Image.Image, mode: str) -> Image.Image:
    if image.mode in _WITH_ALPHA:
        image = image.convert("RGBA")
    return image.convert(mode)


def _look(root: Path, path: Path, look: Callable[[Image.Image], R]) -> R:
    """Return what ``look`` says of an opened image.

    Raises:
        ValueError: if it cannot be opened or decoded.
    """
    try:
        with Image.open(path) as image:
            return look(image)
    except Exception as error:  # Pillow's decoders raise errors of many classes for damaged files
        raise ValueError(
            f"images must be readable, got {path.relative_to(root)} under {root} ({error}); replace or remove the file"
        ) from error
