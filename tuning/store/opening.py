"""How a study's store is reached: its name is claimed, it is asked what it has, and what it lacks is known."""

import threading
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuning.secrets import hide_password
from tuning.store.address import is_database
from tuning.store.artifacts import stored_digests
from tuning.store.audit import NOT_KNOWN, NOT_STATED, NOT_THERE, Audit, audit
from tuning.store.bookmark import Bookmark
from tuning.store.census import Seen, census
from tuning.store.claim import Claim, holder_of, is_anothers, taken
from tuning.store.connection import Experiment, StoreRefusalError, connect, prepare_sqlite, reaching
from tuning.store.drain import Link
from tuning.store.journal import Journal
from tuning.store.kept_study import keep_study_data
from tuning.store.ledger import Ledger
from tuning.store.place import Place
from tuning.store.sender import Sender
from tuning.store.tables import Tables

if TYPE_CHECKING:
    from mlflow import MlflowClient


@dataclass
class Opening:
    """Opens a study's store, as often as it must be asked anew what it has.

    Attributes:
        study: the study's name.
        tracking_uri: the store, resolved.
        folder: the study's, locked by this process.
        study_data: the study as plain data, kept with its experiment; None for a writer that does not know it.
        journal: what is to be stored.
        place: tells whether the folder is still there.
        ledger: what the journal tells, run by run.
        guard: held while the ledger is looked at, or changed by who reports.
        tables: the files that are kept beside the journal.
        bookmark: what is known of the store that the folder's results were sent to before; None where none were.
        claim: whose the name is to be.
        sent_before: the keys of the runs that this store has been sent before it is asked, as far as is known.
        thorough: look at the files of every run where they lie, too.
        remarks: what a person should hear of what was found, a line each.
        experiment_id: where the runs go, once it was opened.
    """

    study: str
    tracking_uri: str
    folder: Path
    study_data: Mapping[str, Any] | None
    journal: Journal
    place: Place
    ledger: Ledger
    guard: threading.Lock
    tables: Tables
    bookmark: Bookmark | None
    claim: Claim
    sent_before: Collection[str]
    thorough: bool
    remarks: list[str] = field(default_factory=list)
    experiment_id: str | None = None
    _opened: bool = False

    def open(self) -> Link:
        """Reach the store, claim the study's name there, and find what it lacks.

        Returns:
            What sends to it.

        Raises:
            ValueError: where it cannot be reached or written, or the name is another study's.
        """
        prepare_sqlite(self.tracking_uri)
        client = connect(self.tracking_uri)
        until = self.journal.end  # before it is asked: what is reported meanwhile is sent in any case
        experiment = self.claim.take(client, lambda found: self._is_ours(client, found))
        try:
            found = self._audit(client, experiment)
            self._refuse_strangers(client, experiment, found)
            self._refuse_newer(found)
            with reaching(self.tracking_uri):
                if self.study_data is not None:
                    keep_study_data(client, experiment.id, self.study_data)
                for key in found.mixed | found.ahead:
                    client.delete_run(found.runs[key].run_id)
        except BaseException:
            with suppress(ValueError):  # what is told is why it could not be used
                self._give_back(client, experiment)
            raise
        self._remark(experiment, found)
        with suppress(OSError):  # a full disk is told of where it holds something back
            self._mark(experiment, self.bookmark.offset if self.bookmark and self._is_known(experiment) else 0)
        return self._link(client, experiment, found, until)

    def _link(self, client: "MlflowClient", experiment: Experiment, found: Audit, until: int) -> Link:
        there = {key: run for key, run in found.runs.items() if key not in found.mixed | found.ahead}
        sender = Sender(
            client=client,
            experiment_id=experiment.id,
            tables=self.tables,
            ledger=self.ledger,
            is_ours=lambda: self.claim.check(client, experiment),
            runs=there,
            points=found.counted,
            through_network=not is_database(self.tracking_uri),
        )
        self.sent_before, self.experiment_id, self._opened = sender.sent, experiment.id, True
        return Link(
            sender=sender,
            until=until,
            again=frozenset(found.lacking),
            audit=partial(self._audit_at_the_end, client, experiment, sender),
            mark=lambda offset: self._mark(experiment, offset),
            give_back=lambda: self._give_back(client, experiment),
        )

    def _audit_at_the_end(self, client: "MlflowClient", experiment: Experiment, sender: Sender) -> Audit:
        with reaching(self.tracking_uri):
            self.claim.check(client, experiment)
        return self._audit(client, experiment, sender.points)

    def _audit(self, client: "MlflowClient", experiment: Experiment, sent: Mapping[str, int] | None = None) -> Audit:
        with reaching(self.tracking_uri):
            seen = list(census(client, self.tracking_uri, experiment.id, self.ledger.metrics))
        with self.guard:
            stored = partial(stored_digests, client) if self.thorough else None
            return audit(self.ledger, seen, self.tables, sent=sent, stored=stored)

    def _is_ours(self, client: "MlflowClient", experiment: Experiment) -> bool:
        """Return that all trials of an experiment without our claim are those of our journal.

        Raises:
            StoreRefusalError: where they are not: trials of two beginnings would be mixed.
        """
        self._refuse_strangers(client, experiment, self._audit(client, experiment))
        return True

    def _refuse_strangers(self, client: "MlflowClient", experiment: Experiment, found: Audit) -> None:
        if not found.strangers:
            return
        stored = client.get_experiment(experiment.id)
        holder = holder_of(stored)
        if holder is not None and is_anothers(stored, self.claim.journal, self.claim.holder):
            raise StoreRefusalError(taken(self.study, self.tracking_uri, holder, self.claim.holder))
        raise StoreRefusalError(
            f"a study must find no trials in its experiment but its own, got runs of {self.study!r} in "
            f"{hide_password(self.tracking_uri)!r} that this results folder does not know "
            f"({_named(found.strangers)}); name the --storage they were run with, give yours another name with --name "
            f"(e.g. --name {self.claim.holder.name_for(self.study)}), or begin anew with --fresh, which keeps them"
        )

    def _refuse_newer(self, found: Audit) -> None:
        """See that the journal is not older than the store; once it was not, whatever is more there is another's.

        Raises:
            StoreRefusalError: where it is.
        """
        if self._opened or not found.ahead:
            return
        first = sorted(found.ahead)[0]
        raise StoreRefusalError(
            f"a study goes on from its newest folder, got a store that has more of {len(found.ahead)} runs than the "
            f"journal in {self.folder} tells ({first}): it is an older copy, or has lost lines; name the --storage of "
            "the newest one, restore it, or begin anew with --fresh, which keeps what is in the store"
        )

    def _give_back(self, client: "MlflowClient", experiment: Experiment) -> None:
        with reaching(self.tracking_uri):
            self.claim.give_back(client, experiment, unused=not self.ledger.runs)

    def _is_known(self, experiment: Experiment) -> bool:
        return self.bookmark is not None and self.bookmark.experiment == experiment.identity

    def _mark(self, experiment: Experiment, offset: int) -> None:
        self.bookmark = Bookmark(
            journal=self.claim.journal,
            store=hide_password(self.tracking_uri),
            experiment=experiment.identity,
            offset=offset,
        )
        if not self.place.is_lost():
            self.bookmark.write(self.folder)

    def _remark(self, experiment: Experiment, found: Audit) -> None:
        """Say what a person would not expect: another store than before, or one that is not as it was left."""
        before = self.bookmark
        if before is None or not self.ledger.runs:
            return
        if not self._is_known(experiment):
            self.remarks.append(self._moved(before))
            return
        changed = {key: why for key, why in found.lacking.items() if key in self.sent_before and self._is_news(why)}
        if changed:
            told = "; ".join(f"{key} {why}" for key, why in list(changed.items())[:3])
            more = f"; {len(changed) - 3} more" if len(changed) > 3 else ""
            self.remarks.append(
                f"the store is not as it was left, and gets {len(changed)} of {len(self.ledger.runs)} runs again, "
                f"whole ({told}{more}): what a study has reported stays in its store, until --fresh begins anew"
            )

    def _is_news(self, reason: str) -> bool:
        """Return whether a reason says that the store was changed by others.

        In this session a run may lack what has not been sent yet; older versions did not state files.
        """
        return reason == NOT_THERE if self._opened else reason not in {NOT_STATED, NOT_KNOWN}

    def _moved(self, before: Bookmark) -> str:
        if before.is_of(self.tracking_uri):
            return f"{before.store} has lost the study's experiment, and gets all of it again"
        ended = [key for key, run in self.ledger.runs.items() if run.ended]
        waiting = self.tables.waiting()
        bare = sum(1 for key in ended if key not in waiting and not self.tables.of(key))
        stay = f"; the files of spectra of {bare} trial{'s' * (bare > 1)} stay there" if bare else ""
        return f"the results so far are in {before.store}, and come to this store too{stay}"


def _named(strangers: "Collection[Seen]") -> str:
    first = next(iter(strangers))
    more = f" and {len(strangers) - 1} more" if len(strangers) > 1 else ""
    return f"run {first.run_id}, {first.name!r}{more}"
