"""What is said of a study, kept beside its results: a line each, with local date and time, over all its sessions."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path


class StudyLog:
    """``<storage>/<study>/log.txt``, which stays where nobody read the terminal, or it was closed.

    A disk that is full or a folder that is gone costs lines of it, and nothing else: the study does not hear of it,
    and the folder is not made again.

    Args:
        folder: the study's.
    """

    NAME = "log.txt"

    def __init__(self, folder: Path) -> None:
        self._file = folder / self.NAME

    def keep(self, *lines: str) -> None:
        """Append lines, each in one piece, so that two processes never mix theirs.

        Args:
            *lines: what was said; line breaks in it become spaces.
        """
        now = f"{datetime.now():%Y-%m-%d %H:%M:%S}"
        with suppress(OSError), self._file.open("a", encoding="utf-8", errors="backslashreplace") as file:
            for line in lines:
                file.write(f"{now} {' '.join(line.split())}\n")
                file.flush()
