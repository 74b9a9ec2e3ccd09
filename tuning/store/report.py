"""How far the writing has come, in words for a person."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class WriterReport:
    """How far a writer has come.

    Attributes:
        sent: events written into MLflow since the writer was opened.
        pending: events in the journal that MLflow does not have yet.
        refused: events that MLflow called invalid; they stay in the journal, and the store lacks them.
        unwritten: events that wait in memory because the disk takes no more.
        error: why not everything is stored, in one line; ``None`` where all is well.
        journal: the file that holds every event.
    """

    sent: int
    pending: int
    refused: int
    unwritten: int
    error: str | None
    journal: Path

    @property
    def complete(self) -> bool:
        """Whether the store has everything."""
        return not (self.pending or self.refused or self.unwritten)

    def __str__(self) -> str:
        """Say it to a person, with the cure where something is missing."""
        if self.complete:
            return f"all is stored, {self.sent} events of it now" if self.sent else "nothing was missing"
        text = (
            f"{self.sent} events are stored, {self.pending} wait, {self.refused} were refused "
            f"({self.error}); {self.journal} keeps them all: run the study again when the store is back, or "
            f"`python -m tuning replay {self.journal.parent.name}`"
        )
        return text + (f", and make room: the disk lacks the last {self.unwritten}" if self.unwritten else "")
