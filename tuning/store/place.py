"""Whether a study's folder is still where it was: what is written by a descriptor outlives its name."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tuning.store.journal import Journal
from tuning.store.manifest import keep_begun


class Place:
    """The folder of a study that is written: whether it is still where it was, and what is rescued where it is not.

    Args:
        folder: the study's, which is there.
        journal: in it.
    """

    def __init__(self, folder: Path, journal: Journal) -> None:
        self._folder = folder
        self._journal = journal
        self._descriptor: int | None = os.open(folder, os.O_RDONLY)
        self._lost = False

    def is_lost(self) -> bool:
        """Return whether the folder or its journal has been moved, deleted or replaced; once lost, it stays so."""
        if not self._lost:
            self._lost = not (self._journal.is_in_place() and self._is_in_place())
        return self._lost

    def is_moved(self) -> bool:
        """Return whether the folder is somewhere else, with all that was in it."""
        return self._now() is not None

    def rescue(self, study_data: Mapping[str, Any] | None) -> str:
        """Save what was lost, where that is possible, and say what has become of it.

        Args:
            study_data: the study as plain data, which is kept beside its journal.

        Returns:
            The rule, what came, the cure.
        """
        rule = "a study's folder must stay where it is while the study runs, got"
        now = self._now()
        if now is not None:
            return f"{rule} {self._folder} moved to {now}; move it back, and the same command goes on"
        if self._write_back(study_data):
            return (
                f"{rule} {self._folder} deleted; its journal has been written back, and the same command goes on (what "
                "was running begins anew)"
            )
        return (
            f"{rule} {self._folder} deleted or replaced, and its journal could not be written back; what was reported "
            "is in the store; restore the folder, or begin anew with --fresh, which keeps what is in the store"
        )

    def _write_back(self, study_data: Mapping[str, Any] | None) -> bool:
        if not self._journal.write_back():
            return False
        if study_data is not None:
            with suppress(OSError):  # the journal is what cannot be had again
                keep_begun(self._folder, study_data)
        return True

    def close(self) -> None:
        """Let go of the folder; again is no harm."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _is_in_place(self) -> bool:
        if self._descriptor is None:
            return True
        try:
            return os.path.samestat(os.fstat(self._descriptor), self._folder.stat())
        except OSError:
            return False

    def _now(self) -> Path | None:
        """Return where the folder has been moved to, as far as the system tells."""
        assert self._descriptor is not None, "a folder is asked after while it is held"
        if not os.fstat(self._descriptor).st_nlink or self._is_in_place():
            return None
        try:
            return Path(f"/proc/self/fd/{self._descriptor}").readlink()
        except OSError:  # Linux alone knows it
            return Path("another place")
