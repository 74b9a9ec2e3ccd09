"""How a study stands, looked at from beside it: what of it has run, and what the store has of that."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tuning.engine.state.folder import StudyFolder
from tuning.engine.state.history import History
from tuning.engine.state.problems import problems
from tuning.records import StopReason
from tuning.store import Standing, standing

_STOPPED = {str(StopReason.RUNNING): "unfinished"}
"""What trials are called that have not ended, of a study that does not run."""


@dataclass(frozen=True, kw_only=True)
class StudyStatus:
    """How far a study has come, what is wrong with it, and what its store has of it.

    Attributes:
        ends: how many trials have ended in which way, ``running`` among them.
        problems: what its next run would have to do, or a reader of its results must know.
        standing: what the store has.
    """

    ends: Mapping[str, int]
    problems: tuple[str, ...]
    standing: Standing

    def lines(self, name: str) -> list[str]:
        """Return the lines that `status STUDY` prints.

        Args:
            name: the study's.
        """
        running = self.standing.lives is not False and self.standing.writer is not None
        words = self.ends if running else {_STOPPED.get(end, end): count for end, count in self.ends.items()}
        ends = ", ".join(f"{count} {end}" for end, count in words.items())
        told = [f"{name}: {sum(self.ends.values())} trials begun" + (f" ({ends})" if ends else "")]
        if running:
            unless = "" if self.standing.lives else ", unless that was killed"
            told.append(f"it is being run by {self.standing.writer}{unless}; what is reported just now is on its way")
        elif self.standing.writer is not None:
            told.append(f"it was run by {self.standing.writer}, which was killed; the same command goes on")
        told.append(f"the store has {self.standing.stored}")
        return told if running else [*told, *(f"problem: {problem}" for problem in self.problems)]

    @property
    def whole(self) -> bool:
        """Whether every planned trial has ended well and the store has all of them."""
        return not self.problems and self.standing.stored.whole


def status(name: str, tracking_uri: str | None, storage: Path) -> StudyStatus:
    """Look how a study stands; nothing is changed, and it may run meanwhile.

    Args:
        name: the study's.
        tracking_uri: the store, as `resolve_tracking_uri` takes it.
        storage: the folder below which the study's folder lies.

    Returns:
        How it stands.

    Raises:
        ValueError: where no study was begun there, its folder is damaged, or the store cannot be reached.
    """
    folder = StudyFolder(storage.absolute() / name)
    study = folder.begun()
    history = History()
    history.recall(folder.journal)
    return StudyStatus(
        ends=Counter(str(trial.reason).replace("_", " ") for trial in history.trials.values()),
        problems=tuple(problems(study, history)),
        standing=standing(name, tracking_uri, folder.path),
    )
