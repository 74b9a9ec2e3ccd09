"""Which code a study was run with, its own and that of others which decides its bits."""

import os
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import torch

from tuning.surroundings import COMMIT, VERSION


@cache
def git_commit() -> str:
    """Return the commit of this code, with ``-dirty`` where files differ from it; ``unknown`` outside a checkout.

    A job on a cluster has no checkout, and is told by whoever sent it.
    """
    if told := os.environ.get(COMMIT):
        return told
    root = Path(__file__).resolve().parents[2]
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip() or "unknown"


@cache
def versions() -> dict[str, str]:
    """Return the version of each package that decides a trial's bits, with the build where torch names it.

    Spectune's is that of the package as it is installed, ``unknown`` where it runs as mere files. A job on a cluster
    runs the files of whoever sent it, and is told.
    """
    return {
        "spectune": os.environ.get(VERSION) or _installed(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
    }


def _installed() -> str:
    try:
        return version("spectune")
    except PackageNotFoundError:
        return "unknown"
