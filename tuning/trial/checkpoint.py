"""A training's state on disk, so that whoever dies in an epoch loses that epoch alone."""

import hashlib
import json
import logging
import time
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from tuning.settings import TrialSettings, to_flat
from tuning.whole_files import replacing

_log = logging.getLogger("spectune.trial")

STATE_FILE = "state.pt"
SECONDS_BETWEEN = 20.0
"""A checkpoint is written at most this often, and at most a twentieth of the time is spent on it."""

FORMAT = 1
"""To be raised with every change of what a state holds or means: states of before are then set aside."""

_DAMAGED = "state.damaged"
_REASON = "anew.txt"


def settings_key(settings: TrialSettings) -> str:
    """Return what a checkpoint is stamped with: it tells settings apart that differ in anything.

    Args:
        settings: of the trial.
    """
    return hashlib.sha256(json.dumps(to_flat(settings), sort_keys=True).encode()).hexdigest()


@dataclass
class Checkpoint:
    """The one checkpoint of a trial, replaced as a whole.

    A file that holds no state of this very trial is set aside with the reason, and the training begins anew: it cannot
    be read, a bit of it has changed, another version has written it, or other settings were trained.

    Attributes:
        folder: where it lies; None keeps nothing.
        of: the `settings_key` of the trial.
    """

    folder: Path | None
    of: str = ""
    _last: float = field(default_factory=time.monotonic)
    _cost: float = 0.0
    _unproven: bool = False

    def load(self) -> dict[str, Any] | None:
        """Return the state that was saved last, or None where there is none that can be read and is this trial's.

        Loaded with ``weights_only=True``: a checkpoint is data, and nothing in it is ever executed.
        """
        if self.folder is None or not (self.folder / STATE_FILE).is_file():
            return None
        try:
            kept = _read(self.folder / STATE_FILE)
        except Exception as error:  # torch raises whatever its reader stumbles over
            self.set_aside(f"its checkpoint could not be read ({in_a_line(error)})")
            return None
        state = kept.get("state") if isinstance(kept, dict) else None
        if not isinstance(state, dict) or (kept.get("format"), kept.get("settings")) != (FORMAT, self.of):
            self.set_aside("its checkpoint was of another version of this program or of other settings")
            return None
        self._unproven = True
        return state

    def set_aside(self, reason: str) -> None:
        """Put the checkpoint where nobody takes it up, so that the training begins anew, and note why.

        Args:
            reason: in words for people.
        """
        assert self.folder is not None, "only what was kept is set aside"
        (self.folder / _REASON).write_text(reason)  # first: nobody may begin anew in silence
        (self.folder / STATE_FILE).replace(self.folder / _DAMAGED)
        self._unproven = False
        _log.info("checkpoint of %s set aside: %s", self.folder.name, reason)

    @property
    def begun_anew(self) -> str | None:
        """Why a checkpoint of this trial was set aside; None where none was."""
        note = None if self.folder is None else self.folder / _REASON
        return note.read_text(errors="replace") if note is not None and note.exists() else None

    @contextmanager
    def proving(self) -> Generator[None]:
        """Set the loaded state aside if what follows raises; once it has gone well, the state has proven itself.

        A trial that has failed goes on from its checkpoint when its study is run again. One that fails by its
        checkpoint would fail for ever.
        """
        try:
            yield
        except Exception as error:
            if self._unproven:
                self.set_aside(f"it failed from its checkpoint before it got an epoch further ({in_a_line(error)})")
            raise
        self._unproven = False

    def due(self) -> bool:
        """Return whether enough time has passed since the last one.

        By the clock, not by the epoch: trials of seconds write none, trials of hours lose seconds. Which epochs are
        saved changes no result.
        """
        waited = time.monotonic() - self._last
        return self.folder is not None and waited > max(SECONDS_BETWEEN, 20 * self._cost)

    def save(self, state: dict[str, Any]) -> None:
        """Replace the checkpoint; a reader sees the old one or the new one, never a part.

        Args:
            state: tensors and plain values.
        """
        assert self.folder is not None, "save only when due"
        start = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        with replacing(self.folder / STATE_FILE, lasting=True) as part:
            torch.save({"format": FORMAT, "settings": self.of, "state": state}, part)
        self._last = time.monotonic()
        self._cost = self._last - start


def _read(file: Path) -> Any:
    """Return what a file holds; torch itself does not look at its sums.

    Raises:
        ValueError: one of them is wrong.
    """
    with zipfile.ZipFile(file) as archive:
        torn = archive.testzip()
    if torn is not None:
        raise ValueError(f"a bit of {torn} has changed")
    return torch.load(file, map_location="cpu", weights_only=True)


def in_a_line(error: Exception) -> str:
    """Return an error in one line of bounded length: torch's name every weight that does not fit.

    Args:
        error: that was raised.
    """
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
