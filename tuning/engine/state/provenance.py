"""Which code a study was run with, its own and that of others which decides its bits."""

import os
import platform
import shlex
import subprocess
import sys
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
    root = Path(__file__).resolve().parents[3]
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
        "cuda": torch.version.cuda or "none",
    }


def processor() -> str:
    """Return what this process computes on, as people call it: its GPU once it has used one, else the processor."""
    return str(torch.cuda.get_device_name()) if torch.cuda.is_initialized() else _central_processor()


@cache
def _central_processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def made_by() -> str:
    """Return what a report of a mistake needs: the command, the system, and the versions of all that runs a study."""
    ours = {**versions(), "commit": git_commit()}
    beside = {name: _version(name) for name in ("ray", "optuna", "mlflow", "pandas")}
    told = ", ".join(f"{name} {version}" for name, version in {**ours, **beside}.items())
    return f"{shlex.join(sys.argv)}; {platform.platform()}, Python {platform.python_version()}, {told}"


def _installed() -> str:
    return _version("spectune")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
