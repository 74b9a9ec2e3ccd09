"""A trial that begins again and again: when to give up, and why it died, as far as it could write that down.

A worker that is killed says nothing, so each attempt leaves a note beside the trial's checkpoint before it trains. The
next attempt reads it: a trial that dies again and again without getting further is given up, and one that hung is not
tried again. Run again, the study tries both anew, but not from the checkpoint from which they got no further.
"""

import json
from collections.abc import Callable, Container
from pathlib import Path
from typing import Any

from tuning.engine.state.trial_life import ATTEMPTS
from tuning.engine.tune.hung import taken
from tuning.trial import STATE_FILE, Checkpoint
from tuning.whole_files import replacing

_NOTE = "attempts.json"


def begin(folder: Path, session: str, node: str = "", lost: Callable[[], Container[str]] = frozenset) -> None:
    """Note that a trial begins.

    Args:
        folder: the trial's own.
        session: which run of the study this is: what an earlier one has ended is no fault of the trial.
        node: which this is: what ends with a node that is lost is no fault of the trial either.
        lost: returns the nodes that were; asked of a trial that has begun before.

    Raises:
        RuntimeError: where it should not be tried again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    note, state = folder / _NOTE, folder / STATE_FILE
    here = {"session": session, "checkpoint": state.stat().st_mtime_ns if state.exists() else 0}
    before = _read(note)
    from_here = state.exists() and before.get("checkpoint") == here["checkpoint"]
    if (left := taken(folder)) is not None:
        if from_here:
            Checkpoint(folder).set_aside("it hung after it had gone on from its checkpoint, before it wrote another")
        raise RuntimeError(f"it gave no sign of life for too long and was ended\n{left}")
    attempts = before.get("attempts", 0) if before.items() >= here.items() else 0
    if attempts and before.get("node") in lost():
        attempts -= 1
    if attempts >= ATTEMPTS:
        note.unlink()
        if from_here:
            Checkpoint(folder).set_aside(f"its worker died {ATTEMPTS} times after it had gone on from its checkpoint")
        raise RuntimeError(f"its worker died {ATTEMPTS} times without getting further; it may need more memory")
    with replacing(note, lasting=False) as part:
        part.write_text(json.dumps({**here, "node": node, "attempts": attempts + 1}))


def _read(note: Path) -> dict[str, Any]:
    """Return what was noted; nothing where there is no note, or its file is damaged."""
    try:
        noted = json.loads(note.read_text())
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}
