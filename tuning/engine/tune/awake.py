"""Time as a process has lived it: what passed while it was stopped is not counted."""

import time
from collections.abc import Callable


class AwakeClock:
    """Counts the seconds between two ticks, and of a longer gap only so many.

    A process that is stopped, as by Ctrl-Z or with the container it runs in, does not tick. The system's clocks run on
    meanwhile, so that a deadline by them is over at once when the process goes on, by no fault of whom it watches.

    Args:
        most: what of a gap is counted, in seconds; whoever ticks more often loses nothing.
        now: the system's clock.
    """

    def __init__(self, most: float, now: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._now = now
        self._last = now()
        self._counted = 0.0

    def tick(self) -> float:
        """Return how many seconds have been counted since the beginning."""
        now = self._now()
        self._counted += min(now - self._last, self._most)
        self._last = now
        return self._counted
