"""Decoded images on disk: written once a node, memory-mapped by every reader.

    <cache>/index/<fingerprint>       the content key that a source had when it was last read
    <cache>/content/<content key>/    entry.json and four arrays, a fifth where a source has its own validation images
    <cache>/downloads/                what torchvision has fetched
    <cache>/locks/                    one process decodes, the others wait

An entry is written beside its place and renamed when it is whole. A writer that was killed leaves a partial
folder, which the next one removes, and a lock that the system has released.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from filelock import FileLock

from tuning.surroundings import no_home
from tuning.whole_files import replacing

FORMAT = 1
"""Part of every key: a version that decodes otherwise does not read this one's entries, nor go on with this one's
studies, which keep the key of their data: equal keys mean equal arrays."""

Allocate = Callable[[str, tuple[int, ...]], np.ndarray[Any, Any]]
"""``allocate(name, shape)`` returns a file-backed array to be filled: images uint8, labels int64."""

PARTS = ("train", "test")
KINDS = ("images", "labels")
VALIDATION = "validation"


class Source(Protocol):
    """What decodes the images of a data set, and what tells whether they are others."""

    def fingerprint(self) -> str:
        """Return a text that changes when the content may have changed; found without reading it."""

    def content_key(self) -> str:
        """Return a digest of the content, names of the classes included, equal for equal content anywhere."""

    def decode(self, allocate: Allocate) -> tuple[str, ...]:
        """Fill train_images (N, C, H, W), train_labels (N,) and those of test; return the class names.

        Where the source says which images are for validation, fill train_validation (V,), too: their indices in train.
        """


@dataclass(frozen=True, kw_only=True, eq=False)
class Decoded:
    """One part of a decoded data set, memory-mapped.

    The mapping is copy-on-write: torch takes it without a warning, and who writes to it harms nobody else.

    Attributes:
        key: the data set's content key.
        class_names: class 0, class 1, …
        images: uint8, shape (N, C, H, W).
        labels: int64, shape (N,).
        validation: which images the source has for validation, shape (V,); None where it leaves that open.
    """

    key: str
    class_names: tuple[str, ...]
    images: np.ndarray[Any, Any]
    labels: np.ndarray[Any, Any]
    validation: np.ndarray[Any, Any] | None = None


def cache_folder(cache: str | Path | None) -> Path:
    """Return the cache's folder: the argument, else ``SPECTUNE_CACHE``, else ``~/.cache/spectune``.

    Args:
        cache: the folder, or None.

    Raises:
        ValueError: where it is below a home folder, and there is none.
    """
    folder = Path(cache or os.environ.get("SPECTUNE_CACHE") or "~/.cache/spectune")
    try:
        return folder.expanduser().absolute()
    except RuntimeError as error:
        raise ValueError(
            f"the data cache must be a folder that can be found, got {folder}: {no_home()}; "
            "set SPECTUNE_CACHE to a folder that can be written"
        ) from error


def fetch(source: Source, cache: Path, part: str) -> Decoded:
    """Return one part of a source, decoding all of it first if the cache has no sound copy of that part.

    Args:
        source: where the images come from.
        cache: the cache's folder.
        part: ``"train"`` or ``"test"``; the files of the other one are not looked at.

    Returns:
        Images and labels from files that have the size and date with which they were written.

    Raises:
        ValueError: if the cache cannot be written, or the source is changed while it is read.
    """
    index = cache / "index" / _index_name(source)
    decoded = _indexed(index, cache, part)
    if decoded is not None:
        return decoded
    try:
        for folder in ("index", "content", "locks"):
            (cache / folder).mkdir(parents=True, exist_ok=True)
        with FileLock(cache / "locks" / f"index-{index.name}"):
            decoded = _indexed(index, cache, part)  # another process may have been quicker
            return decoded or _read(source, index, cache, part)
    except OSError as error:
        raise ValueError(
            f"the data cache must be a folder that can be written, got {cache} ({error}); "
            "set SPECTUNE_CACHE to another one"
        ) from error


def _indexed(index: Path, cache: Path, part: str) -> Decoded | None:
    """Return what the index points to, if it is sound."""
    try:
        key = index.read_text()
    except (OSError, ValueError):
        return None
    return _load(cache / "content" / key, part)


def _load(folder: Path, part: str) -> Decoded | None:
    """Return one part of the entry in a folder unless it is missing, truncated, overwritten or unreadable."""
    try:
        entry = json.loads((folder / "entry.json").read_text())
        if entry.pop("digest") != _digest(json.dumps(entry, sort_keys=True)) or entry["key"] != folder.name:
            return None
        arrays = {}
        there = [*KINDS, *({VALIDATION} if f"{part}_{VALIDATION}" in entry["files"] else ())]
        for kind in there:
            path = folder / f"{part}_{kind}.npy"
            if entry["files"][path.stem] != _stamp(path):
                return None
            arrays[kind] = np.load(path, mmap_mode="c")
        return Decoded(key=folder.name, class_names=tuple(entry["class_names"]), **arrays)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None  # whatever an unfinished or foreign file may hold


def _read(source: Source, index: Path, cache: Path, part: str) -> Decoded:
    """Return a part of the source, decoded unless equal content is there, and note its key in the index."""
    key = _digest(f"{FORMAT}\n{source.content_key()}")
    folder = cache / "content" / key
    with FileLock(cache / "locks" / f"content-{key}"):
        decoded = _load(folder, part)
        if decoded is None:
            _write(source, folder, index.name)
            decoded = _load(folder, part)
    with replacing(index, lasting=False) as part_of_index:
        part_of_index.write_text(key)
    assert decoded is not None, f"an entry just written is sound, {folder} is not"
    return decoded


def _index_name(source: Source) -> str:
    return _digest(f"{FORMAT}\n{source.fingerprint()}")


def _write(source: Source, folder: Path, index_name: str) -> None:
    """Decode a source into a folder, which appears only when it is whole and what its key says.

    Raises:
        ValueError: if the source is no longer what it was when its index and its key were taken.
    """
    partial, broken = folder.with_suffix(".partial"), folder.with_suffix(".broken")
    for leftover in (partial, broken):
        with suppress(FileNotFoundError):
            shutil.rmtree(leftover)
    partial.mkdir()
    arrays: dict[str, np.memmap[Any, Any]] = {}

    def allocate(name: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        dtype = np.uint8 if name.endswith("images") else np.int64
        arrays[name] = np.lib.format.open_memmap(partial / f"{name}.npy", "w+", dtype, shape)
        return arrays[name]

    try:
        class_names = source.decode(allocate)
        if _index_name(source) != index_name:
            raise ValueError("a data set must keep still while it is read, got files that changed; run again")
        for array in arrays.values():
            array.flush()  # to the disk itself, so that no power failure leaves a name without bytes
        names = list(arrays)
        del array
        arrays.clear()  # closes the files, so that nothing writes to them any more
        files = {name: _date(partial / f"{name}.npy") for name in names}
        entry = {"key": folder.name, "class_names": list(class_names), "files": files}
        entry["digest"] = _digest(json.dumps(entry, sort_keys=True))
        (partial / "entry.json").write_text(json.dumps(entry))
    except BaseException:
        shutil.rmtree(partial)
        raise
    with suppress(FileNotFoundError):
        folder.rename(broken)  # readers that have mapped the old files keep them
    partial.rename(folder)
    shutil.rmtree(broken, ignore_errors=True)


def _date(path: Path) -> list[int]:
    """Date a file to a whole second, which no file system rounds, and return its stamp."""
    now = int(time.time())
    os.utime(path, (now, now))
    return _stamp(path)


def _stamp(path: Path) -> list[int]:
    """Return what a file's later truncation, replacement or editing would change."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
