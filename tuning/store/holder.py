"""The process that goes on with a study, in words for others and so that they can tell whether it lives."""

import getpass
import json
import os
import re
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

_NAME_LETTERS = 48
"""That a study's name may have."""


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A process that holds a study's folder or its name in a store.

    Attributes:
        user: whose process it is.
        host: on which machine.
        process: its number there.
        began: when it did, by its machine's count: numbers are used again. Empty where the system does not tell.
        folder: the study's folder.
    """

    user: str
    host: str
    process: int
    began: str
    folder: str

    @classmethod
    def this_process(cls, folder: Path) -> "Holder":
        """Return the process that runs this code, as the holder of a folder.

        Args:
            folder: the study's.
        """
        return cls(
            user=user(),
            host=socket.gethostname(),
            process=os.getpid(),
            began=_began(os.getpid()),
            folder=str(folder.absolute()),
        )

    @classmethod
    def from_text(cls, text: str) -> "Holder | None":
        """Return what `as_text` has written; None where it was not.

        Args:
            text: any.
        """
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            return None

    def as_text(self) -> str:
        """Return the holder as a line that `from_text` reads."""
        return json.dumps(asdict(self), ensure_ascii=False)

    def name_for(self, study: str) -> str:
        """Return a name by which a study could be this user's own.

        Args:
            study: the name that is taken.
        """
        user = re.sub(r"[^A-Za-z0-9.]+", "-", self.user).strip("-") or "mine"
        return f"{study[: _NAME_LETTERS - len(user[:16]) - 1]}-{user[:16]}"

    def same_place(self, other: "Holder") -> bool:
        """Return whether both have the same folder of the same machine, so that its lock tells them apart.

        Args:
            other: another process.
        """
        return (self.host, self.folder) == (other.host, other.folder)

    def lives(self, asking: "Holder") -> bool:
        """Return whether it surely lives still: known of processes of the asking one's machine alone.

        Args:
            asking: this process, which holds the lock of its folder.
        """
        return self._is_here(asking) and not self._has_ended()

    def is_dead(self, asking: "Holder") -> bool:
        """Return whether the process surely lives no more.

        Args:
            asking: this process, which holds the lock of its folder.
        """
        return self._is_here(asking) and self._has_ended()

    def runs_on(self, host: str) -> bool | None:
        """Return whether the process runs still; None where it is on another machine than the given one.

        Args:
            host: where this is asked.
        """
        return not self._has_ended() if self.host == host else None

    def is_lost(self, asking: "Holder") -> bool:
        """Return whether its folder is surely gone, so that nobody can go on there: known of the same machine alone.

        Args:
            asking: this process.
        """
        return self.host == asking.host and not Path(self.folder).exists()

    def _is_here(self, asking: "Holder") -> bool:
        """Return whether it is another process of the same machine, with a folder that no lock of ours tells of."""
        return self.host == asking.host and not self.same_place(asking) and self.process != asking.process

    def _has_ended(self) -> bool:
        return not _exists(self.process) or self.began != _began(self.process)

    def __str__(self) -> str:
        """Name the process to a person."""
        return f"{self.user} on {self.host}, process {self.process}, in {self.folder}"


def _exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def _began(process: int) -> str:
    with suppress(OSError, IndexError):
        state, *others = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return "never" if state == "Z" else others[18]  # a zombie is dead, and nobody has asked how it died
    return ""


def user() -> str:
    """Return the name of the user whose process this is."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return str(os.getuid())
