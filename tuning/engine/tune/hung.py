"""That a trial was silent for too long and was ended: left in its folder by whoever has ended it, for the next attempt.

The dead say nothing. The worker's own watch leaves the stacks of its threads, the driver's a sentence, for the process
that it ends may not even be able to say where it was.
"""

from pathlib import Path

from tuning.whole_files import replacing

VERDICT = "hung.txt"
STACKS = "stacks.txt"


def pronounce(folder: Path, words: str) -> None:
    """Leave the verdict on a worker that could not leave its own.

    Args:
        folder: the trial's own.
        words: what was seen.
    """
    with replacing(folder / VERDICT, lasting=False) as part:
        part.write_text(words)


def taken(folder: Path) -> str | None:
    """Return what was left of the attempt before, and where it was if it could say; None where it was not ended so.

    Once taken it is gone: run again, the trial is tried anew.

    Args:
        folder: the trial's own.
    """
    said = [_text(folder / name) for name in (VERDICT, STACKS)]
    for name in (VERDICT, STACKS):
        (folder / name).unlink(missing_ok=True)
    return "\n".join(said).strip() if said[0] else None


def _text(file: Path) -> str:
    return file.read_text(errors="replace").strip() if file.exists() else ""
