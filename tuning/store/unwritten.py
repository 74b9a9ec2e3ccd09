"""What has been reported and is not on the disk yet: what a full disk refuses waits in memory."""

from collections import deque
from collections.abc import Sequence

from tuning.records import LayerRecord
from tuning.store.connection import describe
from tuning.store.events import EpochLogged, Event
from tuning.store.journal import Journal
from tuning.store.spectra import Parts


class Unwritten:
    """Events on their way to a study's folder, in the order in which they were reported.

    It is not locked: who calls it sees that one thread does at a time.

    Args:
        journal: where events are written.
        parts: where the layers of epochs are written, before their event.

    Attributes:
        error: why the disk took nothing the last time; None where it took all.
    """

    def __init__(self, journal: Journal, parts: Parts) -> None:
        self._journal, self._parts = journal, parts
        self._waiting: deque[tuple[Event, Sequence[LayerRecord], bool]] = deque()
        self.error: str | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def append(self, event: Event, layers: Sequence[LayerRecord], *, new: bool) -> None:
        """Take a report.

        Args:
            event: what has happened.
            layers: of an epoch that was measured; else none.
            new: whether the journal lacks the event; of an epoch reported again the layers alone are written.
        """
        self._waiting.append((event, layers, new))

    def clear(self) -> None:
        """Forget what waits: there is no folder any more that could take it."""
        self._waiting.clear()

    def write(self) -> None:
        """Bring to the disk what waits, up to what the disk refuses; ``error`` then says why."""
        try:
            while self._waiting:
                event, layers, new = self._waiting[0]
                if isinstance(event, EpochLogged):
                    self._parts.write(event.key, event.epoch, layers)
                if new:
                    self._journal.append(event)
                self._waiting.popleft()
            self.error = None
        except OSError as error:
            self.error = describe(error)
