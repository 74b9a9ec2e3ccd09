"""Which store a folder's journal was sent to last, and how far: what is said of it while the store cannot be asked.

What a store has is the store's own word (`tuning.store.audit`); nothing is left out because of this file.
"""

import json
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from tuning.secrets import hide_password
from tuning.whole_files import replacing

_NAME = "sent.json"


@dataclass(frozen=True, kw_only=True)
class Bookmark:
    """How far a journal has been sent to a store.

    Attributes:
        journal: tells the journal from every other, wherever its folder is.
        store: the store, without its password.
        experiment: identifies the study's experiment in it.
        offset: of the journal, up to which it has been sent there.
    """

    journal: str
    store: str
    experiment: str
    offset: int

    def write(self, folder: Path) -> None:
        """Replace a folder's bookmark, as a whole.

        Args:
            folder: the study's.

        Raises:
            OSError: where the disk is full or gone.
        """
        with replacing(folder / _NAME, lasting=False) as part:  # the store itself says what it has
            part.write_text(json.dumps(asdict(self)), encoding="utf-8")

    def is_of(self, tracking_uri: str) -> bool:
        """Return whether the bookmark is one in this store.

        Args:
            tracking_uri: the store.
        """
        return self.store == hide_password(tracking_uri)


def read_bookmark(folder: Path) -> Bookmark | None:
    """Return a folder's bookmark; None where there is none, or a damaged one.

    One that an older version has written tells of no journal; it gets a name then.

    Args:
        folder: the study's.
    """
    try:
        mark = json.loads((folder / _NAME).read_bytes())
        return Bookmark(
            journal=str(mark.get("journal") or uuid.uuid4().hex),
            store=str(mark["store"]),
            experiment=str(mark["experiment"]),
            offset=int(mark["offset"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None
