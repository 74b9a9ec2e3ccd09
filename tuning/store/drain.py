"""The thread that carries a study's journal into MLflow, in order and however long it takes."""

import threading
from collections.abc import Callable, Sequence
from itertools import islice

from tuning.store.connection import describe
from tuning.store.journal import Bookmark, Event, Journal
from tuning.store.sender import Sender, grouped, is_refusal

_EVENTS_A_ROUND = 256
_FIRST_DELAY, _LAST_DELAY = 0.25, 8.0
_ATTEMPTS_AT_A_REFUSED = 3


class Drain:
    """Sends what the journal holds behind the bookmark, then waits for more.

    A store that fails is tried again, at growing intervals, for ever. An event that the store calls invalid
    again and again is counted and passed over, so that it does not hold back the others.

    Args:
        journal: what to send.
        sender: how to send it.
        bookmark: how far it has been sent.
        refill: called before each round, to bring into the journal what did not fit on the disk.
        name: the thread's.

    Attributes:
        position: the journal's offset up to which everything has been sent.
        sent: how many events have been.
        refused: how many were passed over.
    """

    def __init__(
        self, *, journal: Journal, sender: Sender, bookmark: Bookmark, refill: Callable[[], None], name: str
    ) -> None:
        self.position = bookmark.read()
        self.sent = 0
        self.refused = 0
        self._journal, self._sender, self._bookmark, self._refill = journal, sender, bookmark, refill
        self._failure: str | None = None
        self._refusal: str | None = None
        self._more, self._closing, self._abandoned = threading.Event(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.wake()
        self._thread.start()

    @property
    def error(self) -> str | None:
        """Why the store fails now, else why it refused an event, else ``None``."""
        return self._failure or self._refusal

    def wake(self) -> None:
        """Say that the journal has grown."""
        self._more.set()

    def close(self, timeout: float) -> None:
        """Send what there is, and end.

        Args:
            timeout: seconds after which the rest is left; a call to the store that hangs is not waited for.
        """
        self._closing.set()
        self.wake()
        self._thread.join(timeout)
        self._abandoned.set()

    def _run(self) -> None:
        while not self._abandoned.is_set():
            self._more.wait(_LAST_DELAY)
            self._more.clear()
            last = self._closing.is_set()
            try:
                self._send_all()
            except Exception as error:  # the journal or the bookmark: a full disk, most likely
                self._failure = describe(error)
                self._pause(_FIRST_DELAY)
                self.wake()
            else:
                if last:
                    return

    def _send_all(self) -> None:
        while not self._abandoned.is_set():
            self._refill()
            self._journal.sync()  # the bookmark never runs ahead of what the disk has
            entries = list(islice(self._journal.read(self.position), _EVENTS_A_ROUND))
            if not entries:
                return
            for group in grouped(event for event, _ in entries):
                if not self._send(group):
                    return
            self._bookmark.write(entries[-1][1])
            self.position = entries[-1][1]

    def _send(self, group: Sequence[Event]) -> bool:
        """Send a group however long it takes; ``False`` where we were told to give up first."""
        delay, refusals = _FIRST_DELAY, 0
        while not self._abandoned.is_set():
            try:
                self._sender.send(group)
            except Exception as error:
                self._sender.forget(group[0].key)
                self._failure = describe(error)
                refusals = refusals + 1 if is_refusal(error) else 0
                if refusals == _ATTEMPTS_AT_A_REFUSED:
                    self.refused += len(group)
                    self._failure, self._refusal = None, f"run {group[0].key}: {self._failure}"
                    return True
                self._pause(delay)
                delay = min(2 * delay, _LAST_DELAY)
            else:
                self._failure = None
                self.sent += len(group)
                return True
        return False

    def _pause(self, seconds: float) -> None:
        """Wait before the next attempt; whoever closes has no time to lose."""
        if self._closing.is_set():
            self._abandoned.wait(_FIRST_DELAY)
        else:
            self._closing.wait(seconds)
