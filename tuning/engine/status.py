"""How a study stands, looked at from beside it: what of it has run, and what the store has of that."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tuning.engine.folder import StudyFolder
from tuning.engine.history import History
from tuning.engine.problems import problems
from tuning.store import Standing, standing


@dataclass(frozen=True, kw_only=True)
class StudyStatus:
    """How a study stands.

    Attributes:
        ends: how many trials have ended in which way, ``running`` among them.
        problems: what its next run would have to do, or a reader of its results must know.
        standing: what the store has.
    """

    ends: Mapping[str, int]
    problems: tuple[str, ...]
    standing: Standing

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
        problems=tuple(problems(study.cells, history)),
        standing=standing(name, tracking_uri, folder.path),
    )
