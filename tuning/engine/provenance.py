"""Which code a study was run with."""

import os
import subprocess
from functools import cache
from pathlib import Path

from tuning.surroundings import COMMIT


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
