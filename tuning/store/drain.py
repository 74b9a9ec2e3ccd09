"""The thread that carries a study's journal into MLflow, in order and however long it takes."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from tuning.store.audit import Audit
from tuning.store.claim import ClaimLostError
from tuning.store.connection import PutBackError, describe
from tuning.store.events import ChoiceFrozen, EpochLogged, Event, RunEnded
from tuning.store.journal import Journal
from tuning.store.sender import RunMissingError, Sender, grouped, is_refusal

_log = logging.getLogger("spectune.store")

_EVENTS_A_ROUND = 256
_FIRST_DELAY, _LAST_DELAY = 0.25, 8.0
_ATTEMPTS_AT_A_REFUSED = 3
_LOOKS_AT_THE_END = 3
"""How often a store is sent again what it lacks at the end, before it is said to lack it."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """A store that has answered, and said what it has.

    Attributes:
        sender: how to send to it.
        until: the journal's offset up to which `again` is known.
        again: the keys of the runs that are not there as the journal tells of them up to that offset.
        audit: asks the store what it has now.
        mark: notes up to which offset it has been sent to.
        give_back: lets go of the study's name there.
    """

    sender: Sender
    until: int
    again: frozenset[str]
    audit: Callable[[], Audit]
    mark: Callable[[int], None]
    give_back: Callable[[], None]


class Drain:
    """Sends what the store has not got of the journal, then waits for more; at its end it asks whether all is there.

    A store that fails is tried again, at growing intervals, for ever. An event that the store calls invalid
    again and again is counted and passed over, so that it does not hold back the others. Where a run is missing, or
    the store in an older state, the store is asked what it has and sent what it lacks.

    Args:
        journal: what to send.
        link: the store; None for one that is away, and is then opened when it is back.
        open_link: how to reach it.
        sent: the journal's offset up to which a store that is away had everything, as far as is known.
        refill: called before each round, to bring into the journal what did not fit on the disk.
        name: the thread's.

    Attributes:
        sent: how many events have been sent.
        lost: why this process may not write there any more; None where it may.
        verified: what the store was found to have at the end; None before, and where it could not be asked.
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
        self._link, self._open_link, self._refill = link, open_link, refill
        self._position, self._until = journal.behind_an_event(sent), 0
        self._again: frozenset[str] = frozenset()
        self._missed: Counter[str] = Counter()
        if link is not None:
            self._resume(link)
        self._refused: set[tuple[str, str, int]] = set()
        self.sent, self._asking = 0, False
        self.lost: str | None = None
        self.verified: Audit | None = None
        self._failure: str | None = None
        self._refusal: str | None = None
        self._more, self._closing, self._abandoned = threading.Event(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.wake()
        self._thread.start()

    @property
    def error(self) -> str | None:
        """Why the store fails now, else why it refused an event, else ``None``."""
        return self.lost or self._failure or self._refusal

    @property
    def refused(self) -> int:
        """How many events were passed over, and have not been taken since."""
        return len(self._refused)

    @property
    def ends_refused(self) -> list[str]:
        """The keys of the runs whose end was not taken as it was reported: their files are damaged or gone."""
        return sorted(key for key, kind, _ in self._refused if kind == RunEnded.__name__)

    @property
    def pending(self) -> int:
        """How many events of the journal the store has not been sent."""
        return sum(1 for _ in self._wanted())

    def wake(self) -> None:
        """Let the thread that sends go on: the journal has grown."""
        self._more.set()

    def close(self, timeout: float) -> None:
        """Send what there is, see that it is there, and end.

        Args:
            timeout: seconds without any progress after which the rest is left; a call to the store that hangs is not
                waited for, a slow store is.
        """
        self._closing.set()
        self.wake()
        before = -1
        while self._thread.is_alive() and (self.sent != before or self._asking):
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
                if last:
                    self._end()
            except Exception as error:  # the journal or the bookmark: a full disk, most likely
                self._fail(describe(error))
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
            wanted = list(islice(self._wanted(), _EVENTS_A_ROUND))
            if not wanted:
                self._position = max(self._position, self._until)
                return
            if not self._send_each(link.sender, grouped(event for event, _ in wanted)):
                continue  # the store is to be asked again what it has, or we were told to give up
            self._position = wanted[-1][1]  # first, for on a full disk the mark fails, and nothing is sent again
            link.mark(self._position)

    def _wanted(self) -> Iterator[tuple[Event, int]]:
        return ((event, end) for event, end in self._journal.read(self._position) if self._is_wanted(event, end))

    def _is_wanted(self, event: Event, end: int) -> bool:
        """Return whether an event is to be sent: it is new, or of a run that is sent again.

        With any run sent again all choices are, in their order, for the last one of a cell holds.
        """
        if end > self._until:
            return True
        return event.key in self._again or (bool(self._again) and isinstance(event, ChoiceFrozen))

    def _resume(self, link: Link) -> None:
        """Take up what this store has not got."""
        self._position, self._until, self._again = 0, link.until, link.again

    def _linked(self) -> Link | None:
        """Return the store, waited for however long it takes; None where it is not ours or we were told to give up."""
        delay = _FIRST_DELAY
        while self._link is None and not self._abandoned.is_set() and self.lost is None:
            try:
                self._link = self._open_link()
                self._resume(self._link)
                self._recover()
            except ClaimLostError as error:
                self.lost = str(error)
            except ValueError as error:
                self._fail(describe(error))
                self._pause(delay)
                delay = min(2 * delay, _LAST_DELAY)
        return self._link if self.lost is None else None

    def _fail(self, reason: str) -> None:
        if reason != self._failure:
            _log.info("what is reported is not taken: %s", reason)
        self._failure = reason

    def _recover(self) -> None:
        if self._failure is not None:
            _log.info("what is reported is taken again")
        self._failure = None

    def _end(self) -> None:
        """See that the store has everything, send again what it lacks, and let go of it."""
        for look in range(_LOOKS_AT_THE_END):
            link = self._linked()
            if link is None:
                return
            self._asking = True  # which takes as long as there are runs; a server that hangs ends it by itself
            try:
                self.verified = link.audit()
            except ClaimLostError as error:
                self.lost = str(error)
                return
            except PutBackError:
                self.verified = None
            finally:
                self._asking = False
            if self.verified is not None and (look == _LOOKS_AT_THE_END - 1 or self._all_refused(self.verified)):
                link.give_back()
                return
            self._link = None
            self._send_all()

    def _all_refused(self, found: Audit) -> bool:
        """Return whether what a store lacks is what it has refused, which sending again does not mend."""
        return found.lacking.keys() <= {key for key, *_ in self._refused}

    def _send_each(self, sender: Sender, groups: Iterable[Sequence[Event]]) -> bool:
        return all(self._send(sender, group) for group in groups)

    def _send(self, sender: Sender, group: Sequence[Event]) -> bool:
        """Send a group however long it takes; ``False`` where what comes next is not the next group."""
        delay, refusals = _FIRST_DELAY, 0
        while not self._abandoned.is_set():
            try:
                sender.send(group)
            except ClaimLostError as error:
                self.lost = str(error)
                return False
            except (RunMissingError, PutBackError) as error:
                self._missed[str(error)] += 1
                if self._missed[str(error)] <= _ATTEMPTS_AT_A_REFUSED:
                    self._link = None
                    return False
                return self._pass_over(group, describe(error))
            except Exception as error:
                sender.look_again(group[0].key)
                self._fail(describe(error))
                refusals = refusals + 1 if is_refusal(error) else 0
                if refusals == _ATTEMPTS_AT_A_REFUSED:
                    return self._pass_over(group, describe(error))
                self._pause(delay)
                delay = min(2 * delay, _LAST_DELAY)
            else:
                self._recover()
                self.sent += len(group)
                self._refused.difference_update(map(_identity, group))
                return True
        return False

    def _pass_over(self, group: Sequence[Event], reason: str) -> bool:
        self._refused.update(map(_identity, group))
        self._failure, self._refusal = None, f"run {group[0].key}: {reason}"
        return True

    def _pause(self, seconds: float) -> None:
        """Wait before the next attempt; whoever closes has no time to lose."""
        if self._closing.is_set():
            self._abandoned.wait(_FIRST_DELAY)
        else:
            self._closing.wait(seconds)


def _identity(event: Event) -> tuple[str, str, int]:
    return event.key, type(event).__name__, event.epoch if isinstance(event, EpochLogged) else 0
