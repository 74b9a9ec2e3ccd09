"""A study's folder: what must outlive the process, and nothing else."""

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuning import logs
from tuning.content import Content
from tuning.engine.state.basis import BESIDE, basis, other_images, other_versions
from tuning.engine.state.growth import MAY_GROW, cure, leaves, refusal
from tuning.records import ANSWERS
from tuning.store import Journal, is_begun, keep_begun, kept_begun
from tuning.study import Study, answers, baseline, parse_study


@dataclass(frozen=True)
class StudyFolder:
    """``<storage>/<study>/``: the study as it was run, the journal with what was chosen, checkpoints.

    Attributes:
        path: the folder.
    """

    path: Path

    @property
    def journal(self) -> Journal:
        """What has happened, event by event."""
        return Journal(self.path)

    @property
    def checkpoints(self) -> Path:
        """Where running trials keep their state; on a cluster, a disk that all nodes share."""
        return self.path / "checkpoints"

    @property
    def ray(self) -> Path:
        """Where Ray keeps its own files; nothing is restored from them."""
        return self.path / "ray"

    def forget(self, key: str) -> None:
        """Delete the checkpoint of a trial that does not go on.

        Args:
            key: the trial's.
        """
        shutil.rmtree(self.checkpoints / key, ignore_errors=True)

    def set_aside(self, suffix: str) -> Path | None:
        """Rename the folder, so that the study begins anew and the old results stay.

        Args:
            suffix: what the old folder's name gets behind it.

        Returns:
            The old folder's new path, or None where there is none.
        """
        if not is_begun(self.path):
            return None
        return self.path.rename(self.path.with_name(f"{self.path.name} {suffix}"))

    def clear_debris(self) -> None:
        """Delete what trials have written where the folder has been moved away, so that it can be moved back."""
        if is_begun(self.path):
            return
        for folder in (self.ray, self.checkpoints):
            shutil.rmtree(folder, ignore_errors=True)
        logs.delete(self.path)
        with suppress(OSError):  # somebody has put something of his own there
            self.path.rmdir()

    def begun(self) -> Study:
        """Return the study whose results lie here, as it was run last.

        Raises:
            ValueError: where none do, or of which study cannot be read.
        """
        kept = kept_begun(self.path)
        if kept is None:
            there = sorted(file.parent.name for file in self.path.parent.glob(f"*/{Journal.NAME}"))
            known = f"; {self.path.parent} has: {', '.join(there)}" if there else ""
            raise ValueError(
                f"a study must have been run to be looked at, got nothing in {self.path}{known}; name its --storage, "
                "or a job by its id"
            )
        return self._study(kept)

    def refuse_another(self, study: Study) -> None:
        """See that the folder has no results, or those of this very study, which may have grown.

        Args:
            study: what is to be run.

        Raises:
            ValueError: where the folder holds results of a study that asked something else, or of nobody knows which.
        """
        kept = kept_begun(self.path)
        if kept is None:
            return
        begun = {name: value for name, value in kept.items() if name not in BESIDE}
        wanted = study.as_data()
        changed = refusal(leaves(begun), leaves(wanted))
        if changed:
            raise ValueError(
                f"a study that goes on must be the one that was begun in {self.path}, with more {', '.join(MAY_GROW)} "
                f"at most, got {changed}; {cure(begun, wanted, baseline(study.confirm, study.conditions))}"
            )

    def refuse_other_images(self, content: Content) -> None:
        """See that the results here, where there are any, were computed on these very images.

        Args:
            content: of the study's images as they are.

        Raises:
            ValueError: where they were computed on others.
        """
        changed = other_images(kept_begun(self.path) or {}, content)
        if changed:
            raise ValueError(
                f"a study that goes on has the data that it was begun on in {self.path}, got {changed}; put the data "
                "back, or begin anew with --fresh, which keeps the results so far"
            )

    def whole(self, study: Study, content: Content | None) -> dict[str, Any]:
        """Return all that a store keeps of a study: what it asks, what that means for each cell, on what it rests.

        Args:
            study: that is run.
            content: of its images; None where nothing is left to run, so that the results rest on what they did.
        """
        kept = kept_begun(self.path) or {}
        beside = {name: kept[name] for name in BESIDE if name in kept} if content is None else basis(kept, content)
        return study.as_data() | beside | {ANSWERS: answers(study)}

    def stored(self) -> dict[str, Any] | None:
        """Return all that a store keeps of the study whose results lie here, as it was run last; None where none do.

        Raises:
            ValueError: where results do, and of which study cannot be read.
        """
        kept = kept_begun(self.path)
        if kept is None:
            return None
        with suppress(ValueError):  # of a version that took what this one refuses: its results are sent all the same
            return kept | {ANSWERS: answers(self._study(kept))}
        return kept

    def other_versions(self) -> list[str]:
        """Say in a line, if there is one to say, which versions have changed since the study was last run."""
        return [line for line in (other_versions(kept_begun(self.path) or {}),) if line]

    def keep(self, whole: Mapping[str, Any]) -> None:
        """Write down what the results here will be results of; called when nothing can be refused any more.

        Args:
            whole: the study and on what its results rest, as `whole` returns them.

        Raises:
            OSError: where the disk is full or gone.
        """
        keep_begun(self.path, whole)

    def _study(self, kept: Mapping[str, Any]) -> Study:
        """Read the study from what is kept of it and of what its results rest on."""
        return parse_study({name: value for name, value in kept.items() if name not in BESIDE}, str(self.path))
