"""Which files of a folder are images of which class and part, and what is left out of it."""

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tuning.trial.data.formats import suffixes

TRAIN, VALIDATION, TEST = "train", "validation", "test"

_VALIDATION_NAMES = ("val", "valid", "validation")

_NAMES_OF_PARTS = {
    *(TRAIN, "training", "trainset", TEST, "testing", "testset", *_VALIDATION_NAMES),
    *("eval", "evaluation", "dev", "development", "holdout"),
}
"""What others call parts, in whatever case: a folder of these alone would have parts for classes, and mix them."""

Image = os.DirEntry[str]


@dataclass(frozen=True, kw_only=True)
class Part:
    """The images of one part of an image folder, such as its training part, by class.

    Attributes:
        classes: images by class, both in torchvision's order: classes by name, images by folder and then by name.
        folders: every folder that was walked.
    """

    classes: Mapping[str, list[Image]]
    folders: tuple[Path, ...]

    def labelled(self) -> list[tuple[int, Path]]:
        """Return every image with its class's number."""
        return [(label, Path(image.path)) for label, images in enumerate(self.classes.values()) for image in images]


@dataclass(frozen=True, kw_only=True)
class ClassFolders:
    """The images of an image folder by part and class, and what else lies in it.

    Attributes:
        parts: by name: `TRAIN`, `TEST` and perhaps `VALIDATION`; one nameless part where there are no folders of parts.
        left_out: what is no image of any class, and how many of it.
    """

    parts: Mapping[str, Part]
    left_out: Mapping[str, int]


@dataclass
class _Walk:
    left_out: Counter[str] = field(default_factory=Counter)
    folders: list[Path] = field(default_factory=list)

    def images(self, folder: Path, above: tuple[tuple[int, int], ...] = ()) -> Iterator[Image]:
        """Yield the images in a folder and in those below it.

        Raises:
            ValueError: for a link to a folder that it lies in.
        """
        status = folder.stat()
        here = (status.st_dev, status.st_ino)
        if here in above:
            raise ValueError(f"a class's folders must not contain each other, got the link {folder}; remove it")
        self.folders.append(folder)
        below = []
        for entry in self.visible(folder):
            if entry.is_dir():
                below.append(Path(entry.path))
            elif _is_image(entry):
                yield entry
            else:
                self.left_out[_kind(entry)] += 1
        for child in below:
            yield from self.images(child, (*above, here))

    def visible(self, folder: Path) -> list[Image]:
        """Return what is in a folder and not hidden, by name."""
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        shown = [entry for entry in found if not entry.name.startswith(".")]
        self.left_out["hidden"] += len(found) - len(shown)
        return shown

    def classes(self, there: Iterable[Image]) -> list[str]:
        """Return the names of the folders among what is in a folder; the rest stands beside them and is left out."""
        names = []
        for entry in there:
            if entry.is_dir():
                names.append(entry.name)
            else:
                self.left_out[f"{_kind(entry)} beside the class folders"] += 1
        return names


def class_folders(root: Path) -> ClassFolders:
    """List the images below a folder.

    Args:
        root: holds a folder a class; or ``train/``, ``test/`` and perhaps ``val/``, each with a folder a class. What
            lies in sub-folders of a class is of that class.

    Returns:
        Every image, and what is left out.

    Raises:
        ValueError: if the folder is not laid out like this, or has too few images.
        OSError: if a folder cannot be read, or a link leads nowhere.
    """
    walk = _Walk()
    there = walk.visible(root)
    folders = [entry.name for entry in there if entry.is_dir()]
    named = _parts(root, folders)
    if not named:
        parts = {"": _part(root, 3, walk, there)}  # for training, validation and test
    else:
        others = [entry.name for entry in there if entry.name not in named.values()]
        walk.left_out.update(f"{name} beside train/ and test/" for name in others)
        least = {TRAIN: 1 if VALIDATION in named else 2, VALIDATION: 1, TEST: 1}
        parts = {part: _part(root / name, least[part], walk, walk.visible(root / name)) for part, name in named.items()}
        _check_equal_classes(root, named, parts)
    return ClassFolders(parts=parts, left_out=+walk.left_out)


def _parts(root: Path, folders: list[str]) -> dict[str, str]:
    """Return the folders of parts by the parts' names; none where the folders are classes.

    Raises:
        ValueError: if some part lacks its folder or has another name, or validation has several.
    """
    validation = [name for name in _VALIDATION_NAMES if name in folders]
    if {TRAIN, TEST} <= set(folders):
        if len(validation) > 1:
            raise ValueError(f"validation has one folder, got {' and '.join(validation)} in {root}; join them")
        return {TRAIN: TRAIN, **({VALIDATION: validation[0]} if validation else {}), TEST: TEST}
    given = [name for name in (TRAIN, *_VALIDATION_NAMES, TEST) if name in folders]
    if len(given) > 1:
        raise ValueError(
            f"an image-folder with parts has train/ and test/, got {' and '.join(given)} in {root}; name what results "
            "are read from test/ and what settings are chosen by val/, or leave val/ out: a share of train/ is held out"
        )
    if len(folders) > 1 and all(name.lower() in _NAMES_OF_PARTS for name in folders):
        raise ValueError(
            f"class folders have the names of classes, got {' and '.join(folders)} in {root}, which are those of "
            "parts; call them train/, test/ and perhaps val/"
        )
    return {}


def _part(folder: Path, least: int, walk: _Walk, there: Iterable[Image]) -> Part:
    """List a part, of which it is known what is in its folder.

    Raises:
        ValueError: for fewer than two classes, or a class with too few images.
    """
    names = walk.classes(there)
    if len(names) < 2:
        raise ValueError(
            f"image-folder needs 2 or more classes, got {len(names)} ({some(names) or 'none'}) in {folder}; "
            "make one a class, or train/ and test/ with one a class in each"
        )
    walk.folders = []
    classes = {}
    for name in names:
        before = walk.left_out.copy()
        images = sorted(walk.images(folder / name), key=_in_torchvisions_order)
        if len(images) < least:
            beside = listed(walk.left_out - before)
            raise ValueError(
                f"every class needs {least} or more images that Pillow opens, got {len(images)} in {folder / name}"
                f"{f' (and {beside})' if beside else ''}; add some, remove the folder, or name the parts train/ and "
                "test/"
            )
        classes[name] = images
    return Part(classes=classes, folders=tuple(walk.folders))


def _check_equal_classes(root: Path, named: Mapping[str, str], parts: Mapping[str, Part]) -> None:
    for part in parts:
        differing = set(parts[TRAIN].classes) ^ set(parts[part].classes)
        if differing:
            raise ValueError(
                f"train and {named[part]} must have the same classes, got {some(differing)} in only one of them "
                f"under {root}; add or remove their folders"
            )


def _in_torchvisions_order(image: Image) -> tuple[str, str]:
    return str(Path(image.path).parent), image.name


def _is_image(entry: Image) -> bool:
    """Return whether an entry is an image file; a link that leads nowhere is an error, not a no."""
    return Path(entry.name).suffix.lower() in suffixes() and stat.S_ISREG(entry.stat().st_mode)


def _kind(entry: Image) -> str:
    suffix = Path(entry.name).suffix.lower()
    return f"*{suffix}" if suffix else "without a suffix"


def listed(left_out: Mapping[str, int]) -> str:
    """Write what is left out, the most frequent first.

    Args:
        left_out: as `ClassFolders` has it.

    Example:
        >>> listed({"hidden": 1, "*.heic": 12})
        '12 *.heic, 1 hidden'
    """
    return ", ".join(f"{number:,} {kind}" for kind, number in Counter(left_out).most_common())


def some(names: Iterable[str]) -> str:
    """Return a few names, for a message.

    Args:
        names: in any order.
    """
    names = sorted(names)
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
