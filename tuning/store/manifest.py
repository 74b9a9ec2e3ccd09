"""The study beside its journal: which one was begun in a folder."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tuning.records import ANSWERS
from tuning.store.journal import CURE, Journal
from tuning.whole_files import replacing

_NAME = "study.json"


def keep_begun(folder: Path, study_data: Mapping[str, Any]) -> None:
    """Write down which study's results lie in a folder, wholly or not at all.

    What follows from it for each cell is left out: it is for those who read a store, and a version that knows no such
    key goes on with the folder.

    Args:
        folder: the study's.
        study_data: the study as plain data, as a store keeps it.

    Raises:
        OSError: where the disk is full or gone.
    """
    kept = {name: value for name, value in study_data.items() if name != ANSWERS}
    with replacing(folder / _NAME, lasting=True) as part:
        part.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def is_begun(folder: Path) -> bool:
    """Return whether results lie in a folder, readable or not.

    Args:
        folder: the study's.
    """
    return any((folder / name).exists() for name in (_NAME, Journal.NAME))


def kept_begun(folder: Path) -> dict[str, Any] | None:
    """Return the study whose results lie in a folder as plain data; None where none do.

    Args:
        folder: the study's.

    Raises:
        ValueError: where results do, and of which study cannot be read.
    """
    file = folder / _NAME
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(kept, dict) and kept:
            return kept
        problem = repr(kept)[:80]
    except FileNotFoundError:
        if not is_begun(folder):
            return None
        problem = f"none beside {Journal.NAME}"
    except (OSError, ValueError) as error:  # of the disk, of UTF-8 and of JSON
        problem = str(error)
    raise ValueError(f"{file} must say which study was begun here, got {problem}; {CURE}")
