"""A study's folder: what must outlive the process, and nothing else."""

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tuning.engine.growth import MAY_GROW, leaves, refusal
from tuning.store import Journal, is_begun, keep_begun, kept_begun
from tuning.study import Study


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
        with suppress(OSError):  # somebody has put something of his own there
            self.path.rmdir()

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
        changed = refusal(leaves(kept), leaves(study.as_data()))
        if changed:
            raise ValueError(
                f"a study that goes on must be the one that was begun in {self.path}, with more {', '.join(MAY_GROW)} "
                f"at most, got {changed}; undo the change, rename the study, or begin anew with --fresh"
            )

    def keep(self, study: Study) -> None:
        """Write down what the results here will be results of; called when nothing can be refused any more.

        Args:
            study: that is run.

        Raises:
            OSError: where the disk is full or gone.
        """
        keep_begun(self.path, study.as_data())
