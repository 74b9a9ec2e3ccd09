"""How far the writing has come, and what the store was found to have, in words for a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tuning.store.audit import Audit


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What a store has of a study, as it has answered itself.

    Attributes:
        runs: that are there as the journal tells of them.
        points: numbers that these hold.
        files: that these hold.
        lacking: what is the matter with others, by key.
        strangers: ids of runs that the journal does not know.
        where: the store, without its password.
    """

    runs: int
    points: int
    files: int
    lacking: Mapping[str, str]
    strangers: tuple[str, ...]
    where: str

    @classmethod
    def of(cls, audit: Audit, where: str) -> "Stored":
        """Return what an audit has found.

        Args:
            audit: of the store.
            where: the store, without its password.
        """
        return cls(
            runs=len(audit.runs.keys() - audit.lacking.keys()),
            points=sum(audit.counted.values()),
            files=audit.files,
            lacking=audit.lacking,
            strangers=tuple(run.run_id for run in audit.strangers),
            where=where,
        )

    @property
    def whole(self) -> bool:
        """Whether that is all of the journal, and nothing else."""
        return not (self.lacking or self.strangers)

    def __str__(self) -> str:
        """Say to a person what the store has."""
        counted = [_counted(self.runs, "run"), _counted(self.points, "point"), _counted(self.files, "file")]
        text = f"{counted[0]}, {counted[1]} and {counted[2]}, verified in {self.where}"
        if self.lacking:
            told = [f"{key} {why}" for key, why in list(self.lacking.items())[:3]]
            more = [f"{len(self.lacking) - 3} more"] * (len(self.lacking) > 3)
            text += f"; {len(self.lacking)} are not as they were reported ({', '.join(told + more)})"
        if self.strangers:
            text += (
                f"; {_counted(len(self.strangers), 'run')} there that this study did not report ({self.strangers[0]}): "
                "delete them in MLflow, or mend their tags"
            )
        return text


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


@dataclass(frozen=True, kw_only=True)
class WriterReport:
    """How far a writer has come.

    Attributes:
        sent: events written into MLflow since the writer was opened.
        recorded: events that were new in the journal since then; of what was sent beyond them, the store had lacked it.
        pending: events in the journal that MLflow does not have yet.
        refused: events that MLflow called invalid; they stay in the journal, and the store lacks them.
        unwritten: events that wait in memory because the disk takes no more.
        error: why not everything is stored, in one line; ``None`` where all is well.
        journal: the file that holds every event.
        stored: what the store has; None where it was not asked, or did not answer.
        lost: what has become of the study's folder, where it has gone away; else None.
        page: the link to the runs; None where the store has never been reached.
    """

    sent: int
    recorded: int
    pending: int
    refused: int
    unwritten: int
    error: str | None
    journal: Path
    stored: Stored | None
    lost: str | None = None
    page: str | None = None

    @property
    def complete(self) -> bool:
        """Whether the store has everything, by its own word."""
        waiting = self.pending or self.refused or self.unwritten or self.lost
        return not waiting and self.stored is not None and self.stored.whole

    def __str__(self) -> str:
        """Say it to a person, with the cure where something is missing."""
        if self.lost is not None:
            return self.lost
        if self.complete:
            made_good = self.sent - self.recorded
            now = f"; {made_good} events that it lacked before were sent now" if made_good > 0 else ""
            return f"all is stored: {self.stored}{now}"
        cure = f"run the study again when the store is back, or `python -m tuning replay {self.journal.parent.name}`"
        if self.stored is None and not (self.pending or self.refused or self.unwritten):
            return f"all has been sent, and the store could not be asked whether it has it ({self.error}); {cure}"
        text = (
            f"{self.sent} events are stored, {self.pending} wait, {self.refused} were refused "
            f"({self.error}); {self.journal} keeps them all: {cure}"
        )
        text += f", and make room: the disk lacks the last {self.unwritten}" if self.unwritten else ""
        return text if self.stored is None else f"{text}; {self.stored}"
