"""What a phase's trials cost beside their own work, by the clock of the driver, and how many of them run at a time."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_EVENTS = 20
"""Of so many starts and ends the most that ran at once is what runs at a time; a cluster that shrinks is seen after."""

_MANY = 10


@dataclass
class _Mean:
    """A mean, of ten or more without the largest: a driver that was stopped for hours is in one gap.

    It is no median, for a busy machine makes a few gaps long, and time is their sum. Kept as it grows, for a long study
    has a gap an epoch, and the view asks for the mean at every line.
    """

    count: int = 0
    sum: float = 0.0
    largest: float = 0.0

    def add(self, seconds: float) -> None:
        self.count += 1
        self.sum += seconds
        self.largest = max(self.largest, seconds)

    @property
    def value(self) -> float:
        """The mean, of many values without the largest; 0 where there is no value."""
        if self.count >= _MANY:
            return (self.sum - self.largest) / (self.count - 1)
        return self.sum / max(1, self.count)


@dataclass(frozen=True, kw_only=True)
class PhasePace:
    """What a phase's trials have cost so far beside their own work.

    Attributes:
        startup: seconds from the phase's begin to its first report, less that report's own; None before one.
        start: seconds from the end of one trial to the first report of the next in its place, less that report's own.
        gap: seconds between two reports of a trial, less the later one's own: Ray's share, and the writing.
        at_once: how many trials run at a time.
        ends: how many have ended.
        since: by key, the seconds since a running trial has begun or last reported.
    """

    startup: float | None
    start: float
    gap: float
    at_once: int
    ends: int
    since: Mapping[str, float]


class Pace:
    """Measures the pace of one phase from the moments at which its trials begin, report and end in this session.

    A trial that takes the place of an ended one is warm: its clock begins where that one ended, so that the time
    between them is part of its start. The first trials are cold: Ray starts their workers, and torch is imported.

    Args:
        clock: in seconds.

    Attributes:
        startup: seconds from the phase's begin to its first report, less that report's own; None before one.
        ends: how many trials have ended.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._free: list[float] = []
        self._last: dict[str, float] = {}
        self._fresh: dict[str, bool] = {}
        self._starts = _Mean()
        self._gaps = _Mean()
        self._live: deque[int] = deque([0], maxlen=_EVENTS)
        self.startup: float | None = None
        self.ends = 0

    def now(self) -> PhasePace:
        """Return the pace so far."""
        now, gap = self._clock(), self._gaps.value
        return PhasePace(
            startup=self.startup,
            start=self._starts.value if self._starts.count else gap,
            gap=gap,
            at_once=max(1, *self._live),
            ends=self.ends,
            since={key: now - last for key, last in list(self._last.items())},
        )

    def started(self, key: str) -> None:
        """Stamp that a worker has begun with a trial.

        Args:
            key: the trial's.
        """
        self._fresh[key] = bool(self._free)
        self._last[key] = self._free.pop() if self._free else self._clock()
        self._live.append(len(self._last))

    def reported(self, key: str, seconds: float) -> None:
        """Stamp that a trial has reported an epoch.

        Args:
            key: the trial's.
            seconds: that the epoch took by its own account.
        """
        now = self._clock()
        if self.startup is None:
            self.startup = max(0.0, now - self._began - seconds)
        if key in self._last:
            beside = max(0.0, now - self._last[key] - seconds)
            warm = self._fresh.pop(key, None)
            if warm is None:
                self._gaps.add(beside)
            elif warm:
                self._starts.add(beside)
        self._last[key] = now

    def lost(self, key: str) -> None:
        """Stamp that a trial has lost its worker and waits for another.

        Args:
            key: the trial's.
        """
        self._last.pop(key, None)
        self._live.append(len(self._last))

    def ended(self, key: str) -> None:
        """Stamp that a trial has ended, and its place is free.

        Args:
            key: the trial's.
        """
        self.ends += 1
        self._fresh.pop(key, None)
        if self._last.pop(key, None) is not None:
            self._free.append(self._clock())
        self._live.append(len(self._last))
