"""What a store has of a study, asked from beside whoever writes it: nothing is locked, claimed or changed."""

from dataclasses import dataclass
from pathlib import Path

from tuning.records import METRICS
from tuning.secrets import hide_password
from tuning.store.address import resolve_tracking_uri, sqlite_path
from tuning.store.audit import audit
from tuning.store.bookmark import read_bookmark
from tuning.store.census import census
from tuning.store.claim import holder_of, is_anothers, taken, writer_of
from tuning.store.connection import StoreRefusalError, connect, reaching, refuse_deleted
from tuning.store.holder import Holder
from tuning.store.journal import Journal
from tuning.store.ledger import Ledger
from tuning.store.report import Stored
from tuning.store.spectra import Parts
from tuning.store.tables import Tables


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a store has of a study, and who writes it.

    Attributes:
        stored: what the store has of what the journal tells.
        writer: the process that writes it, as far as the store knows; None where none does.
        lives: whether that process does; None where that is not known, because it is on another machine.
    """

    stored: Stored
    writer: str | None
    lives: bool | None


def standing(study: str, tracking_uri: str | None, folder: Path) -> Standing:
    """Ask a store what it has of a study.

    Args:
        study: the study's name.
        tracking_uri: the store, as `resolve_tracking_uri` takes it.
        folder: the study's.

    Returns:
        How it stands.

    Raises:
        ValueError: where the journal is damaged, the store cannot be reached, or the name is another study's there.
        StoreRefusalError: likewise.
    """
    uri = resolve_tracking_uri(tracking_uri)
    path = sqlite_path(uri)
    if path is not None and not path.is_file():
        raise ValueError(f"a store to ask must exist, got {uri!r}; run the study, or name another --tracking-uri")
    client, own, mark = connect(uri), Holder.this_process(folder), read_bookmark(folder)
    with reaching(uri):
        found = client.get_experiment_by_name(study)
        if found is not None:
            refuse_deleted(found)
            holder = holder_of(found)
            if holder is not None and is_anothers(found, None if mark is None else mark.journal, own):
                raise StoreRefusalError(taken(study, uri, holder, own))
        # The store first: whatever it has by then, the journal, read after it, tells of.
        seen = [] if found is None else list(census(client, uri, found.experiment_id, METRICS))
    ledger = Ledger()
    ledger.fold(Journal(folder))
    writer = None if found is None else writer_of(found)
    return Standing(
        stored=Stored.of(audit(ledger, seen, Tables(folder, Parts(folder))), hide_password(uri)),
        writer=None if writer is None else str(writer),
        lives=None if writer is None else writer.runs_on(own.host),
    )
