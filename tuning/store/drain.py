"""The thread that carries a study's journal into MLflow, in order and however long it takes."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from tuning.store.bookmark import Bookmark
from tuning.store.connection import describe
from tuning.store.journal import Event, Journal
from tuning.store.sender import Sender, grouped, is_refusal

_EVENTS_A_ROUND = 256
_FIRST_DELAY, _LAST_DELAY = 0.25, 8.0
_ATTEMPTS_AT_A_REFUSED = 3


@dataclass(frozen=True, kw_only=True)
class Link:
    """A store that has answered.

    Attributes:
        sender: how to send to it.
        bookmark: how far it has been sent to.
    """

    sender: Sender
    bookmark: Bookmark


class Drain:
    """Sends what the journal holds behind the bookmark, then waits for more.

    A store that fails is tried again, at growing intervals, for ever. An event that the store calls invalid
    again and again is counted and passed over, so that it does not hold back the others.

    Args:
        journal: what to send.
        link: the store; None for one that is away, and is then opened when it is back.
        open_link: how to reach it.
        sent: the journal's offset up to which a store that is away had everything.
        refill: called before each round, to bring into the journal what did not fit on the disk.
        name: the thread's.

    Attributes:
        position: the journal's offset up to which everything has been sent.
        sent: how many events have been.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        link: Link | None,
        open_link: Callable[[], Link],
        sent: int,
        refill: Callable[[], None],
        name: str,
    ) -> None:
        self._journal = journal
        self._refused_keys: set[str] = set()
        self._again: set[str] = set()
        if link is None:
            self.position = journal.behind_an_event(sent)
        else:
            self._resume(link)
        self.sent = 0
        self._passed_over = 0
        self._link, self._open_link, self._refill = link, open_link, refill
        self._failure: str | None = None
        self._refusal: str | None = None
        self._more, self._closing, self._abandoned = threading.Event(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.wake()
        self._thread.start()

    @property
    def refused(self) -> int:
        """How many events were passed over, and of how many runs some were in an earlier session."""
        return self._passed_over + len(self._again)

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
            timeout: seconds without any progress after which the rest is left; a call to the store that hangs is not
                waited for, a slow store is.
        """
        self._closing.set()
        self.wake()
        before = -1
        while self._thread.is_alive() and self.sent != before:
            before = self.sent
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
            link = self._linked()
            if link is None:
                return
            if not self._send_refused_again(link):
                return
            entries = list(islice(self._journal.read(self.position), _EVENTS_A_ROUND))
            if not entries:
                return
            for group in grouped(event for event, _ in entries):
                if not self._send(link.sender, group):
                    return
            self.position = entries[-1][1]  # first, for on a full disk the bookmark fails, and nothing is sent again
            link.bookmark.write(self.position, self._refused_keys)

    def _resume(self, link: Link) -> None:
        """Take up where this store was left."""
        self.position = self._journal.behind_an_event(link.bookmark.read())
        self._again = link.bookmark.refused() if self.position else set()

    def _send_refused_again(self, link: Link) -> bool:
        """Send once more all of the runs of which something was refused in an earlier session; what ails may be mended.

        Returns:
            Whether we were not told to give up first.
        """
        for key in sorted(self._again):
            before = (event for event, end in self._journal.read() if event.key == key and end <= self.position)
            for group in grouped(before):
                if not self._send(link.sender, group):
                    return False
            self._again.remove(key)
            link.bookmark.write(self.position, self._again | self._refused_keys)
        return True

    def _linked(self) -> Link | None:
        """Return the store, waited for however long it takes; None where we were told to give up first."""
        delay = _FIRST_DELAY
        while self._link is None and not self._abandoned.is_set():
            try:
                self._link = self._open_link()
                self._resume(self._link)
                self._failure = None
            except ValueError as error:
                self._failure = describe(error)
                self._pause(delay)
                delay = min(2 * delay, _LAST_DELAY)
        return self._link

    def _send(self, sender: Sender, group: Sequence[Event]) -> bool:
        """Send a group however long it takes; ``False`` where we were told to give up first."""
        delay, refusals = _FIRST_DELAY, 0
        while not self._abandoned.is_set():
            try:
                sender.send(group)
            except Exception as error:
                sender.forget(group[0].key)
                self._failure = describe(error)
                refusals = refusals + 1 if is_refusal(error) else 0
                if refusals == _ATTEMPTS_AT_A_REFUSED:
                    self._passed_over += len(group)
                    self._refused_keys.add(group[0].key)
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
