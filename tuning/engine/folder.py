"""A study's folder: what must outlive the process, and nothing else."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuning.engine.growth import MAY_GROW, leaves, refusal
from tuning.store import Journal
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

    def set_aside(self, suffix: str) -> Path | None:
        """Rename the folder, so that the study begins anew and the old results stay.

        Args:
            suffix: what the old folder's name gets behind it.

        Returns:
            The old folder's new path, or None where there is none.
        """
        if not self._asked.exists() and not self.journal.path.exists():
            return None
        return self.path.rename(self.path.with_name(f"{self.path.name} {suffix}"))

    def refuse_another(self, study: Study) -> None:
        """See that the folder has no results, or those of this very study, which may have grown.

        Args:
            study: what is to be run.

        Raises:
            ValueError: where the folder holds results of a study that asked something else, or of nobody knows which.
        """
        kept = self.begun()
        if kept is None:
            return
        changed = refusal(leaves(kept), leaves(study.as_data()))
        if changed:
            raise ValueError(
                f"a study that goes on must be the one that was begun, in {self._asked}, with more "
                f"{', '.join(MAY_GROW)} at most, got {changed}; undo the change, rename the study, or begin anew with "
                "--fresh"
            )

    def begun(self) -> dict[str, Any] | None:
        """Return the study whose results lie here as plain data; None where there are none.

        Raises:
            ValueError: where results lie here, and it cannot be read of which study.
        """
        try:
            kept = json.loads(self._asked.read_text(encoding="utf-8"))
            problem = "" if isinstance(kept, dict) and kept else f"{kept!r}"[:80]
        except FileNotFoundError:
            if not self.journal.path.exists():
                return None
            problem = f"none beside {self.journal.NAME}"
        except (OSError, ValueError) as error:  # of the disk, of UTF-8 and of JSON
            problem = str(error)
        if problem:
            raise ValueError(
                f"{self._asked} must say which study was begun here, got {problem}; restore it, or begin anew with "
                "--fresh, which keeps what is here under another name"
            )
        return kept

    def keep(self, study: Study) -> None:
        """Write down what the results here will be results of; called when nothing can be refused any more."""
        _write(self._asked, study.as_data())

    @property
    def _asked(self) -> Path:
        return self.path / "study.json"


def _write(file: Path, data: Any) -> None:
    part = file.with_suffix(".part")
    part.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(file)
