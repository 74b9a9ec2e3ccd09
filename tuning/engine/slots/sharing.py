"""The studies that run on one cluster at the same time, as they tell each other what they could use."""

import json
import time
import uuid

from tuning.engine.compat import Board
from tuning.engine.slots.fairness import Demand

_PREFIX = b"study/"
_ALIVE_SECONDS = 30.0
"""A study that has said nothing for so long has ended, or has no more to start."""


class Sharing:
    """This study among those that run on the same cluster, as each tells on the cluster's board.

    Whoever dies says no more: nothing has to be cleaned up.
    """

    def __init__(self) -> None:
        self._board = Board("spectune")
        self._key = _PREFIX + f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}".encode()  # the oldest comes first
        self._beats = 0
        self._heard: dict[bytes, tuple[bytes, float]] = {}

    def demands(self, own: Demand) -> tuple[list[Demand], int]:
        """Say what this study could use, and hear what all could.

        Args:
            own: this study's.

        Returns:
            Those of all studies, the oldest first, and the place of this one among them.
        """
        self._beats += 1
        said = json.dumps({"trials": own.trials, "needs": dict(own.needs), "beat": self._beats}).encode()
        self._board.put(self._key, said)
        heard = {self._key: own}
        for key, value in self._board.items(_PREFIX):
            if key != self._key and self._lives(key, value):
                theirs = json.loads(value)
                heard[key] = Demand(trials=theirs["trials"], needs=theirs["needs"])
        keys = sorted(heard)
        return [heard[key] for key in keys], keys.index(self._key)

    def leave(self) -> None:
        """Leave this study's part to the others at once."""
        self._board.delete(self._key)

    def _lives(self, key: bytes, value: bytes) -> bool:
        """Return whether a study has said something new lately; by this machine's clock alone, for clocks differ."""
        now = time.monotonic()
        before = self._heard.get(key)
        if before is None or before[0] != value:
            self._heard[key] = value, now
            return True
        return now - before[1] < _ALIVE_SECONDS
