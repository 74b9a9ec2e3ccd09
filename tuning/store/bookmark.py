"""How far a journal has been sent, and to which store."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from tuning.store.address import hide_password


class Bookmark:
    """How much of the journal one store has received, in ``sent.json``.

    The mark belongs to one experiment of one store: pointed at another (the data base was deleted, the
    tracking URI changed), it reads 0, and the journal is sent again from its beginning.

    Args:
        folder: the study's folder.
        experiment: identifies the experiment in its store.
        tracking_uri: the store.
    """

    def __init__(self, folder: Path, experiment: str, tracking_uri: str) -> None:
        self._path = folder / _NAME
        self._experiment = experiment
        self._store = hide_password(tracking_uri)

    def read(self) -> int:
        """Return the journal's offset up to which everything has been sent; 0 where nothing is known."""
        mark = _read(self._path)
        return int(mark["offset"]) if mark.get("experiment") == self._experiment else 0

    def refused(self) -> set[str]:
        """Return the keys of the runs of which the store has refused something before that offset."""
        mark = _read(self._path)
        return set(mark.get("refused", ())) if mark.get("experiment") == self._experiment else set()

    def write(self, offset: int, refused: Collection[str] = ()) -> None:
        """Replace the mark, as a whole.

        Args:
            offset: the journal's offset up to which everything has been sent.
            refused: keys of runs of which the store has refused something before it.
        """
        fresh = self._path.with_suffix(".tmp")
        mark = {
            "offset": offset,
            "experiment": self._experiment,
            "store": self._store,
            **({"refused": sorted(refused)} if refused else {}),
        }
        fresh.write_text(json.dumps(mark), encoding="utf-8")
        fresh.replace(self._path)


def sent_to(folder: Path, tracking_uri: str) -> int | None:
    """Return how much of a folder's journal a store has received, without asking it.

    Args:
        folder: the study's folder.
        tracking_uri: the store.

    Returns:
        The offset; None where that store has never been reached.
    """
    mark = _read(folder / _NAME)
    return int(mark["offset"]) if mark.get("store") == hide_password(tracking_uri) else None


def sent_elsewhere(folder: Path, experiment: str) -> str | None:
    """Return the store that has received a folder's journal until now, where it is another one.

    Args:
        folder: the study's folder.
        experiment: identifies the experiment in the store that is to receive it now.
    """
    mark = _read(folder / _NAME)
    return str(mark.get("store")) if mark and mark.get("experiment") != experiment else None


_NAME = "sent.json"


def _read(path: Path) -> dict[str, Any]:
    try:
        mark = json.loads(path.read_bytes())
        return {**mark, "offset": int(mark["offset"])}
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return {}  # sending again is harmless, so a lost or damaged mark is no error
