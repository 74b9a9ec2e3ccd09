"""A folder of images, one sub-folder a class."""

import hashlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch

from tuning.trial.data.cache import PARTS, Allocate
from tuning.trial.data.partition import fixed_test_part
from tuning.trial.data.pictures import check_alike, decode, in_threads

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
"""Files that are images; others, and names that begin with a dot, are left alone."""

Classes = dict[str, list[os.DirEntry[str]]]


@dataclass(frozen=True)
class ImageFolder:
    """Images in ``<root>/<class>/``, or in ``<root>/train/<class>/`` and ``<root>/test/<class>/``.

    Classes are numbered in the order of their names. Where there is no test part, see
    `fixed_test_part`. All images have one size. If all are grey they have one channel, else three;
    palettes are resolved and transparency is dropped.

    Attributes:
        root: the folder.
    """

    root: Path

    def fingerprint(self) -> str:
        """Return the path, size and times of every image, and of every class when its folder was last changed.

        An image replaced by another of equal size whose date is put back has another change time, which nobody can
        set; so have two folders that change their names. Asking for it costs nothing beside the size: of CIFAR-10's
        60,000 files all is told in 0.3 s, where reading them takes 2 to 3 s from a local disk, and of ImageNet's on a
        disk that nodes share many minutes for every trial of every node. What changes the time and not the content, as
        a new owner does, costs one reading, for the content key stays.
        """
        digest = hashlib.sha256(os.fsencode(self.root))
        for part, classes in self._parts().items():
            for name, images in classes.items():
                changed = (self.root / part / name).stat().st_ctime_ns
                digest.update(os.fsencode(f"{part}/{name} {changed}\n"))
                for image in images:
                    status = image.stat()
                    stamp = f" {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}\n"
                    digest.update(os.fsencode(f"{part}/{name}/{image.name}{stamp}"))
        return f"image-folder {digest.hexdigest()}"

    def content_key(self) -> str:
        """Return the digest of all relative paths, in which the classes are, and files."""
        paths = [Path(image.path) for classes in self._parts().values() for _, image in _labelled(classes)]
        digest = hashlib.sha256(b"image-folder")
        for path, content in zip(paths, in_threads(_file_digest, paths), strict=True):
            digest.update(os.fsencode(path.relative_to(self.root)) + b"\0" + content)
        return digest.hexdigest()

    def decode(self, allocate: Allocate) -> tuple[str, ...]:
        """Decode all images into the arrays and return the class names."""
        class_names, paths, labels = self._files()
        shape = check_alike(self.root, paths["train"] + paths["test"])
        for part in PARTS:
            decode(self.root, paths[part], allocate(f"{part}_images", (len(paths[part]), *shape)))
            allocate(f"{part}_labels", (len(paths[part]),))[:] = labels[part].numpy()
        return class_names

    def counted(self) -> tuple[tuple[int, int, int], int, tuple[int, int]]:
        """Return the shape of the first image, how many classes there are, and how many images each part has."""
        class_names, paths, _ = self._files()
        shape = check_alike(self.root, paths["train"][:1])
        return shape, len(class_names), (len(paths["train"]), len(paths["test"]))

    def _files(self) -> tuple[tuple[str, ...], dict[str, list[Path]], dict[str, torch.Tensor]]:
        """Return the class names, and the images and labels of the parts train and test."""
        parts = self._parts()
        listed = {part: _labelled(classes) for part, classes in parts.items()}
        paths = {part: [Path(image.path) for _, image in images] for part, images in listed.items()}
        labels = {part: torch.tensor([label for label, _ in images]) for part, images in listed.items()}
        if "" in parts:
            for part, index in zip(PARTS, fixed_test_part(labels[""]), strict=True):
                paths[part], labels[part] = [paths[""][i] for i in index.tolist()], labels[""][index]
        return tuple(next(iter(parts.values()))), paths, labels

    def _parts(self) -> dict[str, Classes]:
        """Return the images by part and class: parts train and test, or one nameless part.

        Raises:
            ValueError: if the folder is not laid out as the class says.
        """
        try:
            return self._listed()
        except OSError as error:
            raise ValueError(f"image-folder must be readable, got {error}; mend it or its permissions") from error

    def _listed(self) -> dict[str, Classes]:
        """Return the images by part and class.

        Raises:
            ValueError: if the folder is not laid out as the class says.
        """
        if not self.root.is_dir():
            raise ValueError(
                f"image-folder must be an existing folder, got {self.root}; mend its path (a relative one begins in "
                "the folder where the command is called), or put the images or a link to them there"
            )
        folders = _folders(self.root)
        if not set(PARTS) <= set(folders):
            return {"": _classes(self.root, least=3)}  # for training, validation and test
        parts = {part: _classes(self.root / part, least) for part, least in zip(PARTS, (2, 1), strict=True)}
        differing = set(parts["train"]) ^ set(parts["test"])
        if differing:
            raise ValueError(
                f"train and test must have the same classes, got {_some(differing)} in only one of them "
                f"under {self.root}; add or remove their folders"
            )
        return parts


def _classes(folder: Path, least: int) -> Classes:
    """Return the images of every class in a folder, both in the order of their names.

    Raises:
        ValueError: for fewer than two classes, or a class with too few images.
    """
    names = _folders(folder)
    if len(names) < 2:
        raise ValueError(
            f"image-folder needs 2 or more classes, got {len(names)} ({_some(names) or 'none'}) in {folder}; "
            "make one a class, or train/ and test/ with one a class in each"
        )
    classes: Classes = {}
    for name in names:
        with os.scandir(folder / name) as entries:
            images = [entry for entry in entries if _is_image(entry)]
        classes[name] = sorted(images, key=lambda entry: entry.name)
        if len(images) < least:
            raise ValueError(
                f"every class needs {least} or more images ({', '.join(SUFFIXES)}), got {len(images)} in "
                f"{folder / name}; add some, remove the folder, or name the parts train/ and test/"
            )
    return classes


def _folders(folder: Path) -> list[str]:
    """Return the names of the visible sub-folders, sorted."""
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))


def _is_image(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a visible image file; a link that leads nowhere is an error, not a no."""
    visible = not entry.name.startswith(".") and entry.name.lower().endswith(SUFFIXES)
    return visible and stat.S_ISREG(entry.stat().st_mode)


def _labelled(classes: Classes) -> list[tuple[int, os.DirEntry[str]]]:
    """Return every image with its class's number."""
    return [(label, image) for label, images in enumerate(classes.values()) for image in images]


def _file_digest(path: Path) -> bytes:
    """Return a file's SHA-256.

    Raises:
        ValueError: if it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError as error:
        raise ValueError(f"images must be readable, got {path} ({error}); mend its permissions") from error


def _some(names: Iterable[str]) -> str:
    """Return a few names, for a message."""
    names = sorted(names)
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
