"""One study of a name in a store: whose the name is, and which process goes on with it.

The claim lies in the experiment's own tags. Making an experiment is the one act of MLflow's that only one of several
can succeed in, so a name is claimed with it; whose journal the runs are of stays written there. Which process writes
changes with every session: one that takes over from another that still runs (a folder that was copied, a lock that
another machine does not see) is noticed by that one before it begins a run, and within a second while it writes one.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from tuning.secrets import hide_password
from tuning.store.connection import (
    Experiment,
    PutBackError,
    StoreRefusalError,
    artifact_location,
    create_experiment,
    identified,
    reaching,
    refuse_deleted,
)
from tuning.store.holder import Holder

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment as Stored

_JOURNAL, _SESSION, _HOLDER = "journal", "session", "held_by"
_NOBODY = ""
_ATTEMPTS = 10
"""How often the name is looked up again where others claim it, too, or let go of it."""


class ClaimLostError(StoreRefusalError):
    """The name that this process had claimed is another's now, or nobody's."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A study's name in one store, as this process claims it.

    Attributes:
        study: the name.
        journal: which journal's runs are to have it; the same in every session of the folder.
        tracking_uri: the store.
        holder: this process.
        session: this session; of two the later one is the greater.
    """

    study: str
    journal: str
    tracking_uri: str
    holder: Holder
    session: str

    @classmethod
    def of(cls, study: str, journal: str, tracking_uri: str, folder: Path) -> "Claim":
        """Return what this process claims for a study's folder, which it has locked.

        Args:
            study: the study's name.
            journal: which journal it is.
            tracking_uri: the store.
            folder: the study's.
        """
        return cls(
            study=study,
            journal=journal,
            tracking_uri=tracking_uri,
            holder=Holder.this_process(folder),
            session=f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}",
        )

    def take(self, client: "MlflowClient", is_ours: Callable[[Experiment], bool]) -> Experiment:
        """Claim the name, or take it up again.

        Args:
            client: of the store.
            is_ours: says of an experiment that carries no claim of this journal whether all its runs are; asked of
                one that has runs, because it was begun before names were claimed, or this folder lost its number.

        Returns:
            The experiment.

        Raises:
            StoreRefusalError: where the name is another's, or in MLflow's trash.
            ValueError: where the store cannot be reached.
        """
        with reaching(self.tracking_uri):
            for _ in range(_ATTEMPTS):
                found = client.get_experiment_by_name(self.study)
                if found is None:
                    self._create(client, artifact_location(self.study, self.tracking_uri))
                    continue  # whoever was quicker: it is read back as it was stored
                refuse_deleted(found)
                if self._is_mine(found) or self._may_adopt(client, found, is_ours):
                    return self._hold(client, identified(found))
                self._make_room(client, found)
        raise StoreRefusalError(
            f"an empty experiment must make room for its study, got {self.study!r} in "
            f"{hide_password(self.tracking_uri)!r} that stays; delete or rename it in MLflow, or give the study "
            "another name with --name"
        )

    def check(self, client: "MlflowClient", experiment: Experiment) -> None:
        """See that the name is still ours: asked before a run is begun, and now and then while it is written.

        Args:
            client: of the store.
            experiment: as `take` has returned it.

        Raises:
            ClaimLostError: where it is not.
            PutBackError: where it was, in an older state of the store.
        """
        found = self._looked_up(client, experiment)
        place = f"the experiment {self.study!r} in {hide_password(self.tracking_uri)!r}"
        if found.lifecycle_stage != "active":
            raise ClaimLostError(
                f"{place} must stay while its study runs, got it deleted; run `mlflow experiments restore "
                f"--experiment-id {experiment.id}`, and the same command goes on"
            )
        if found.tags.get(_JOURNAL) != self.journal:
            raise PutBackError(self.study)
        if found.name != self.study:
            raise ClaimLostError(
                f"{place} must keep its name while its study runs, got it renamed to {found.name!r}; give it its name "
                "back, and the same command goes on"
            )
        session, other = found.tags.get(_SESSION, _NOBODY), holder_of(found)
        elsewhere = other is not None and not other.same_place(self.holder)
        if session != self.session and (session > self.session or elsewhere):
            raise ClaimLostError(
                f"{place} must be written by one process at a time, got it taken over by {other}; stop one "
                "of them, and run the other's command again"
            )
        if session != self.session:
            raise PutBackError(self.study)

    def _looked_up(self, client: "MlflowClient", experiment: Experiment) -> "Stored":
        from mlflow.exceptions import MlflowException

        try:
            return client.get_experiment(experiment.id)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            raise PutBackError(self.study) from error

    def give_back(self, client: "MlflowClient", experiment: Experiment, *, unused: bool) -> None:
        """Say that this process writes no more; a name under which nothing was written is anybody's again.

        Args:
            client: of the store.
            experiment: as `take` has returned it.
            unused: nothing was written.
        """
        if client.get_experiment(experiment.id).tags.get(_SESSION) != self.session:
            return
        client.set_experiment_tag(experiment.id, _SESSION, _NOBODY)
        if unused:
            client.set_experiment_tag(experiment.id, _JOURNAL, _NOBODY)

    def _create(
        self, client: "MlflowClient", location: str | None, others: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        create_experiment(client, self.study, location, {**others, "written_by": "spectune", **self._tags()})

    def _tags(self) -> dict[str, str]:
        return {_JOURNAL: self.journal, _SESSION: self.session, _HOLDER: self.holder.as_text()}

    def _is_mine(self, found: "Stored") -> bool:
        if found.tags.get(_JOURNAL) != self.journal:
            return False
        other = writer_of(found)
        if found.tags.get(_SESSION) != self.session and other is not None and other.lives(self.holder):
            raise StoreRefusalError(
                f"a study is written by one process at a time, got {self.study!r} in "
                f"{hide_password(self.tracking_uri)!r} written by {other}; wait for it, or stop it"
            )
        return True

    def _may_adopt(self, client: "MlflowClient", found: "Stored", is_ours: Callable[[Experiment], bool]) -> bool:
        """Return whether an experiment without our claim is ours all the same; False where it is empty and nobody's.

        Raises:
            StoreRefusalError: where it is another's.
        """
        writer = writer_of(found)
        if writer is not None and writer.lives(self.holder):
            raise StoreRefusalError(self._taken(writer))
        empty = not client.search_runs([found.experiment_id], max_results=1)
        if not empty:
            return is_ours(identified(found))
        other = holder_of(found)
        if found.tags.get(_JOURNAL, _NOBODY) == _NOBODY or other is None or other.is_dead(self.holder):
            return False
        if other.same_place(self.holder):  # whose lock this process has
            return True
        raise StoreRefusalError(self._taken(other))

    def _taken(self, other: Holder) -> str:
        return taken(self.study, self.tracking_uri, other, self.holder)

    def _hold(self, client: "MlflowClient", experiment: Experiment) -> Experiment:
        """Write our session, which also proves that the store can be written."""
        if client.get_experiment(experiment.id).tags.get(_SESSION) != self.session:
            for name, value in self._tags().items():
                client.set_experiment_tag(experiment.id, name, value)
        return experiment

    def _make_room(self, client: "MlflowClient", found: "Stored") -> None:
        """Put an empty experiment that is nobody's into the trash, under a name that nobody asks for.

        Of two who do so at once, one makes the new experiment.
        """
        from mlflow.exceptions import MlflowException

        with suppress(MlflowException):  # the other was quicker
            client.rename_experiment(found.experiment_id, f"{self.study} (empty, {uuid.uuid4().hex})")
            client.delete_experiment(found.experiment_id)
        self._create(client, _chosen_location(found), found.tags)


def taken(study: str, tracking_uri: str, other: Holder, own: Holder) -> str:
    """Return the sentence that refuses a study whose name in the store is another's.

    Args:
        study: the name.
        tracking_uri: the store.
        other: who has claimed it.
        own: this process.

    Returns:
        The rule, what came, the cure.
    """
    return (
        f"a study's name is one study's alone in a store, got {study!r} in {hide_password(tracking_uri)!r} claimed by "
        f"{other}; give yours another name with --name (e.g. --name {own.name_for(study)}), or name the --storage "
        "that it was run with"
    )


def is_anothers(found: "Stored", journal: str | None, own: Holder) -> bool:
    """Return whether an experiment is claimed for another journal whose folder may still be gone on with.

    Args:
        found: as the store has it.
        journal: this folder's; None where it has no number.
        own: this process.
    """
    claimed, other = found.tags.get(_JOURNAL, _NOBODY), holder_of(found)
    if claimed in {_NOBODY, journal} or other is None:
        return False
    return not (other.same_place(own) or other.is_lost(own))


def holder_of(found: "Stored") -> Holder | None:
    """Return the process that has claimed an experiment last, None where nobody has.

    Args:
        found: as the store has it.
    """
    return Holder.from_text(found.tags.get(_HOLDER, ""))


def writer_of(found: "Stored") -> Holder | None:
    """Return the process that has claimed an experiment and not given it back; it may have died.

    Args:
        found: as the store has it.
    """
    return holder_of(found) if found.tags.get(_SESSION, _NOBODY) != _NOBODY else None


def _chosen_location(found: "Stored") -> str | None:
    """Return where somebody wanted the artifacts to go; None for where MLflow puts them by itself."""
    location: str = found.artifact_location
    return None if location.rstrip("/").endswith(f"/{found.experiment_id}") else location
