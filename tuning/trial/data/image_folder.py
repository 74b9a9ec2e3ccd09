"""A folder of images, one sub-folder a class."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from tuning.trial.data.cache import PARTS, Allocate
from tuning.trial.data.class_folders import TEST, TRAIN, VALIDATION, ClassFolders, class_folders, listed
from tuning.trial.data.partition import fixed_test_part
from tuning.trial.data.pictures import check_alike, decode, in_threads

_VERSION = 2
"""Part of every key: raised where the same files are read otherwise than before."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """The numbers of an image folder.

    Attributes:
        shape: channels, height and width of the first image.
        classes: how many there are.
        train: images of the training part, those of the validation part among them.
        validation: images of ``val/``; None where there is no such folder.
        test: images of the test part.
        remarks: as `ImageFolder.remarks` has them.
    """

    shape: tuple[int, int, int]
    classes: int
    train: int
    validation: int | None
    test: int
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class ImageFolder:
    """Images in ``<root>/<class>/``, or in ``<root>/train/<class>/``, ``<root>/test/<class>/`` and perhaps ``val``.

    Classes are numbered in the order of their names; images in sub-folders of a class are of that class. Where there is
    no test part, see `fixed_test_part`. All images have one size, turned upright as their EXIF says. If all are grey
    they have one channel, else three; palettes are resolved and transparency is dropped.

    Attributes:
        root: the folder.
    """

    root: Path

    def fingerprint(self) -> str:
        """Return the path, size and times of every image, and when each folder was last changed.

        An image replaced by another of equal size whose date is put back has another change time, which nobody can
        set; so have two folders that change their names. Asking for it costs nothing beside the size: of CIFAR-10's
        60,000 files all is told in 0.3 s, where reading them takes 2 to 3 s from a local disk, and of ImageNet's on a
        disk that nodes share many minutes for every trial of every node. What changes the time and not the content, as
        a new owner does, costs one reading, for the content key stays.
        """
        digest = hashlib.sha256(os.fsencode(self.root))
        for part in self._listed().parts.values():
            for folder in part.folders:
                digest.update(os.fsencode(f"{folder} {folder.stat().st_ctime_ns}\n"))
            for images in part.classes.values():
                for image in images:
                    status = image.stat()
                    stamp = f" {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}\n"
                    digest.update(os.fsencode(f"{image.path}{stamp}"))
        return f"image-folder {_VERSION} {digest.hexdigest()}"

    def content_key(self) -> str:
        """Return the digest of all relative paths, in which the classes are, and files."""
        paths = [path for part in self._listed().parts.values() for _, path in part.labelled()]
        digest = hashlib.sha256(f"image-folder {_VERSION}".encode())
        for path, content in zip(paths, in_threads(_file_digest, paths), strict=True):
            digest.update(os.fsencode(path.relative_to(self.root)) + b"\0" + content)
        return digest.hexdigest()

    def decode(self, allocate: Allocate) -> tuple[str, ...]:
        """Decode all images into the arrays and return the class names."""
        files = _files(self._listed())
        shape = check_alike(self.root, files.paths[TRAIN] + files.paths[TEST])
        for part in PARTS:
            paths = files.paths[part]
            decode(self.root, paths, allocate(f"{part}_images", (len(paths), *shape)))
            allocate(f"{part}_labels", (len(paths),))[:] = files.labels[part]
        if files.validation is not None:
            first = len(files.paths[TRAIN]) - files.validation
            allocate("train_validation", (files.validation,))[:] = np.arange(first, len(files.paths[TRAIN]))
        return files.class_names

    def counted(self) -> Counted:
        """Return the shape of the first image, how many there are of all else, and the remarks, of one look."""
        found = self._listed()
        files = _files(found)
        return Counted(
            shape=check_alike(self.root, files.paths[TRAIN][:1]),
            classes=len(files.class_names),
            train=len(files.paths[TRAIN]),
            validation=files.validation,
            test=len(files.paths[TEST]),
            remarks=self._remarks(found),
        )

    def remarks(self) -> tuple[str, ...]:
        """Say what of the folder is no image of any class, and where validation images come from; a sentence each."""
        return self._remarks(self._listed())

    def _remarks(self, found: ClassFolders) -> tuple[str, ...]:
        said = []
        if found.left_out:
            said.append(f"Left out of {self.root}: {listed(found.left_out)}.")
        if VALIDATION in found.parts:
            said.append(
                f"The validation images are those of {self.root}'s own folder; validation_fraction is not used."
            )
        return tuple(said)

    def _listed(self) -> ClassFolders:
        """Return the images by part and class.

        Raises:
            ValueError: if the folder is not laid out as the class says.
        """
        if not self.root.is_dir():
            raise ValueError(
                f"image-folder must be an existing folder, got {self.root}; mend its path (a relative one begins in "
                "the folder where the command is called), or put the images or a link to them there"
            )
        try:
            return class_folders(self.root)
        except OSError as error:
            raise ValueError(f"image-folder must be readable, got {error}; mend it or its permissions") from error


@dataclass(frozen=True, kw_only=True)
class _Files:
    """Images and labels of the parts train and test; the last of train are those for validation, if any are given."""

    class_names: tuple[str, ...]
    paths: dict[str, list[Path]]
    labels: dict[str, np.ndarray]
    validation: int | None


def _files(found: ClassFolders) -> _Files:
    """Return the class names, and the images and labels of the parts train and test."""
    parts = found.parts
    of_part = {name: part.labelled() for name, part in parts.items()}
    if "" in parts:
        labels = torch.tensor([label for label, _ in of_part[""]])
        for name, index in zip(PARTS, fixed_test_part(labels), strict=True):
            of_part[name] = [of_part[""][place] for place in index.tolist()]
    of_part[TRAIN] += of_part.get(VALIDATION, [])
    return _Files(
        class_names=tuple(next(iter(parts.values())).classes),
        paths={name: [path for _, path in of_part[name]] for name in PARTS},
        labels={name: np.array([label for label, _ in of_part[name]]) for name in PARTS},
        validation=len(of_part[VALIDATION]) if VALIDATION in of_part else None,
    )


def _file_digest(path: Path) -> bytes:
    """Return a file's SHA-256.

    Raises:
        ValueError: if it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError as error:
        raise ValueError(f"images must be readable, got {path} ({error}); mend its permissions") from error
