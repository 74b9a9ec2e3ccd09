"""A training's state on disk, so that whoever dies in an epoch loses that epoch alone."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

STATE_FILE = "state.pt"
SECONDS_BETWEEN = 20.0
"""A checkpoint is written at most this often, and at most a twentieth of the time is spent on it."""


@dataclass
class Checkpoint:
    """The one checkpoint of a trial, replaced as a whole.

    Attributes:
        folder: where it lies; None keeps nothing.
    """

    folder: Path | None
    _last: float = field(default_factory=time.monotonic)
    _cost: float = 0.0

    def load(self) -> dict[str, Any] | None:
        """Return the state that was saved last, or None where there is none that can be read.

        Loaded with ``weights_only=True``: a checkpoint is data, and nothing in it is ever executed. One that is no such
        data, because a disk was damaged or somebody put it there, is set aside, and the training begins anew.
        """
        if self.folder is None or not (self.folder / STATE_FILE).is_file():
            return None
        file = self.folder / STATE_FILE
        try:
            state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
        except Exception:  # torch raises whatever its reader stumbles over
            file.replace(file.with_suffix(".damaged"))
            return None
        return state

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
        part = self.folder / f"{STATE_FILE}.part"
        torch.save(state, part)
        part.replace(self.folder / STATE_FILE)
        self._last = time.monotonic()
        self._cost = self._last - start
