"""The watch within a worker: it ends a process whose trial gives no sign of life, and leaves where that was.

A thread counts the time in which the process was awake. It needs the interpreter's lock, as all Python does: of a
trial that hangs in compiled code and keeps the lock, it sees nothing. Then Python's own watchdog, which needs no lock,
writes down where the trial is, and the driver (`tuning.engine.tune.trial_watch`) ends the process. Python's watchdog
alone may not end it: it goes by the system's clock, which runs on while a process is stopped.
"""

import faulthandler
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TextIO

from tuning.engine.tune.awake import AwakeClock
from tuning.engine.tune.hung import STACKS, VERDICT

_LOOKS = 10
"""How often the thread looks before the time is over; at most once a second."""


class Watchdog:
    """Ends this process when nothing calls `sign` for too long, unless it is off.

    Args:
        seconds: from the last sign of life, of those in which the process was awake.
        verdict: where the stacks of all threads go before the end.
        stacks: where they go when the time is over by the system's clock, end or no end.
    """

    def __init__(self, seconds: float, verdict: TextIO, stacks: TextIO) -> None:
        self._seconds = seconds
        self._verdict = verdict
        self._stacks = stacks
        self._pause = min(1.0, seconds / _LOOKS)
        self._clock = AwakeClock(most=2 * self._pause)
        self._signed: float | None = None
        self._lock = Lock()
        self._ended = Event()
        self._thread = Thread(target=self._look, name="watchdog", daemon=True)

    def sign(self) -> None:
        """Give the trial its time anew."""
        if os.fstat(self._stacks.fileno()).st_size:  # the process was stopped, and its trial goes on
            self._stacks.truncate(0)
        with self._lock:
            self._signed = self._clock.tick()
        faulthandler.dump_traceback_later(self._seconds + 5 * self._pause, exit=False, file=self._stacks)

    def off(self) -> None:
        """Count no time until the next sign."""
        faulthandler.cancel_dump_traceback_later()
        with self._lock:
            self._signed = None

    @contextmanager
    def waiting(self) -> Generator[None]:
        """Count no time while the trial waits for others, and give it its time anew afterwards."""
        self.off()
        try:
            yield
        finally:
            self.sign()

    def begin(self) -> None:
        """Watch from now on."""
        self.sign()
        self._thread.start()

    def end(self) -> None:
        """Watch no more."""
        self.off()
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(self._pause):
            with self._lock:
                counted = self._clock.tick()
                if self._signed is None or counted - self._signed <= self._seconds:
                    continue
                faulthandler.dump_traceback(self._verdict, all_threads=True)
                os._exit(1)


@contextmanager
def watched(folder: Path, seconds: float) -> Generator[Watchdog]:
    """End the process when a trial has given no sign of life for too long, and leave where it was.

    Args:
        folder: the trial's own.
        seconds: from the last sign of life, of those in which the process was awake.

    Yields:
        What is to be told of every sign of life, and of waiting for others.
    """
    with (folder / VERDICT).open("w") as verdict, (folder / STACKS).open("a") as stacks:
        watchdog = Watchdog(seconds, verdict, stacks)
        watchdog.begin()
        try:
            yield watchdog
        finally:
            watchdog.end()
