"""A trial that begins again and again: when to give up, and why it died, as far as it could write that down.

A worker that is killed says nothing, so each attempt leaves a note beside the trial's checkpoint before it trains. The
next attempt reads it: a trial that dies again and again without getting further is given up, and one that hung is not
tried again.
"""

import faulthandler
import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from tuning.trial import STATE_FILE

ATTEMPTS = 4
"""How often a trial may begin without getting further; one that kills its worker each time would do so for ever."""

_NOTE = "attempts.json"
_TRACE = "hung.txt"


def begin(folder: Path, session: str) -> None:
    """Note that a trial begins.

    Args:
        folder: the trial's own.
        session: which run of the study this is: what an earlier one has ended is no fault of the trial.

    Raises:
        RuntimeError: where it should not be tried again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    trace = folder / _TRACE
    if trace.exists() and (stacks := trace.read_text(errors="replace").strip()):
        trace.unlink()
        raise RuntimeError(f"it gave no sign of life for too long and was ended\n{stacks}")
    note, state = folder / _NOTE, folder / STATE_FILE
    here = {"session": session, "checkpoint": state.stat().st_mtime_ns if state.exists() else 0}
    before = _read(note)
    attempts = before.pop("attempts", 0) if before.items() >= here.items() else 0
    if attempts >= ATTEMPTS:
        note.unlink()
        raise RuntimeError(f"its worker died {ATTEMPTS} times without getting further; it may need more memory")
    part = note.with_suffix(".part")
    part.write_text(json.dumps({**here, "attempts": attempts + 1}))
    part.replace(note)


def _read(note: Path) -> dict[str, Any]:
    """Return what was noted; nothing where there is no note, or its file is damaged."""
    try:
        noted = json.loads(note.read_text())
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


@contextmanager
def watched(folder: Path, seconds: float) -> Generator[Callable[[], None]]:
    """End the process when a trial has given no sign of life for too long, and leave where it was.

    Python's own watchdog needs no interpreter lock, so it sees a thread that hangs in compiled code too.

    Args:
        folder: the trial's own, for the stacks of all threads.
        seconds: from the last sign of life.

    Yields:
        What is to be called at every sign of life: it gives the trial its time anew.
    """
    with (folder / _TRACE).open("w") as trace:
        alive = partial(faulthandler.dump_traceback_later, seconds, exit=True, file=trace)
        alive()
        try:
            yield alive
        finally:
            faulthandler.cancel_dump_traceback_later()
