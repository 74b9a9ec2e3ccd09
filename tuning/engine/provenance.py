"""Which code a study was run with."""

import subprocess
from functools import cache
from pathlib import Path


@cache
def git_commit() -> str:
    """Return the commit of this code, with ``-dirty`` where files differ from it; ``unknown`` outside a checkout."""
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
