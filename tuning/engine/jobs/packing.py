"""What travels to the cluster: the four packages, and the study as data."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PACKAGES = ("regularizers", "models", "tuning", "analysis")
STUDY_FILE = "study.yaml"
_LEFT_OUT = ("__pycache__", ".*", "*.pyc", "*.so")
_MOST_BYTES = 20_000_000
"""The packages are one megabyte; a twenty times larger one has a data set or a checkpoint in it."""


@dataclass(frozen=True, kw_only=True)
class Package:
    """A folder with all that a job needs beside what is installed on the cluster.

    Attributes:
        folder: where it lies.
        files: how many there are.
        bytes: their size.
    """

    folder: Path
    files: int
    bytes: int

    def __str__(self) -> str:
        """Say what travels, and what does not."""
        return (
            f"packed {', '.join(PACKAGES)} and {STUDY_FILE}: {self.files} files, {self.bytes / 1e6:.1f} MB "
            f"(left out: {', '.join(_LEFT_OUT)})"
        )


def pack(study_data: dict[str, Any], folder: Path) -> Package:
    """Copy what a job needs into a folder.

    This code travels as it is, changes that are not committed with it: a regularizer of one's own is known there.

    Args:
        study_data: the study, as `Study.as_data` gives it.
        folder: an empty one.

    Returns:
        What was packed.

    Raises:
        ValueError: where the packages hold more than code.
    """
    root = Path(__file__).resolve().parents[3]
    for name in PACKAGES:
        shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    (folder / STUDY_FILE).write_text(yaml.safe_dump(study_data, sort_keys=False, allow_unicode=True), encoding="utf-8")
    sizes = {file: file.stat().st_size for file in folder.rglob("*") if file.is_file()}
    whole = sum(sizes.values())
    if whole > _MOST_BYTES:
        largest = max(sizes, key=lambda file: sizes[file])
        raise ValueError(
            f"code of at most {_MOST_BYTES / 1e6:.0f} MB is sent, got {whole / 1e6:.0f} MB, of which "
            f"{sizes[largest] / 1e6:.0f} MB are {largest.relative_to(folder)}; keep data outside the packages"
        )
    return Package(folder=folder, files=len(sizes), bytes=whole)
