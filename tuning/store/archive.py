"""Beginning a study anew: what is stored already keeps its runs, under another name."""

from pathlib import Path

from tuning.secrets import hide_password
from tuning.store.address import resolve_tracking_uri
from tuning.store.bookmark import read_bookmark
from tuning.store.claim import holder_of, is_anothers, taken, writer_of
from tuning.store.connection import StoreRefusalError, connect, reaching, refuse_deleted
from tuning.store.holder import Holder


def set_aside(study: str, tracking_uri: str | None, suffix: str, folder: Path) -> str | None:
    """Rename the study's experiment, so that its name is free for a new one.

    Args:
        study: the study's name.
        tracking_uri: the store, as `resolve_tracking_uri` takes it.
        suffix: what the old experiment's name gets behind it, different every time.
        folder: the study's, which this process has locked.

    Returns:
        The old experiment's new name, or None where the store has no such study.

    Raises:
        ValueError: where the store cannot be reached.
        StoreRefusalError: where another process of this machine writes the study there, or the name is another's.
    """
    uri = resolve_tracking_uri(tracking_uri)
    client = connect(uri)
    with reaching(uri):
        found = client.get_experiment_by_name(study)
        if found is None:
            return None
        refuse_deleted(found)
        other, own = writer_of(found), Holder.this_process(folder)
        if other is not None and other.lives(own):
            raise StoreRefusalError(
                f"a study that runs is not set aside, got {study!r} in {hide_password(uri)!r} written by {other}; "
                "wait for it, stop it, or give yours another name with --name"
            )
        mark, holder = read_bookmark(folder), holder_of(found)
        if holder is not None and is_anothers(found, None if mark is None else mark.journal, own):
            raise StoreRefusalError(taken(study, uri, holder, own))
        client.rename_experiment(found.experiment_id, f"{study} {suffix}")
    return f"{study} {suffix}"
