"""Disks of a given size, for those who may mount one."""

import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted(folder: Path, size: str) -> Generator[Path]:
    """Have a disk of some size in a folder.

    Args:
        folder: made for it.
        size: as ``mount`` takes it, ``64k``.

    Yields:
        The folder.
    """
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def enlarge(folder: Path) -> None:
    """Make room on a disk that is `mounted`."""
    subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True)


def _may_mount() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        try:
            with mounted(Path(folder) / "disk", "64k"):
                return True
        except (OSError, subprocess.CalledProcessError):
            return False


needs_mount = pytest.mark.skipif(not _may_mount(), reason="a disk of a given size is mounted by root alone")
