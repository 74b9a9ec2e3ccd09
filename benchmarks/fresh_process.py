"""A piece of work in a process of its own, so that its memory is nobody else's."""

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any


def in_fresh_process(module: str, *arguments: str, given: Any = None) -> Any:
    """Run a module of the benchmarks, and return what it has printed.

    Args:
        module: ``"benchmarks.reading"``, whose output is JSON.
        arguments: of its command line.
        given: its input, sent as JSON.
    """
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        input=json.dumps(given),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    return json.loads(done.stdout)


def peak_megabytes() -> float:
    """Return the most memory that this process has had at once, in 10⁶ bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # a process inherits ru_maxrss from the one that started it, but not this
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
