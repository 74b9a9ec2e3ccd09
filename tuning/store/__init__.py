"""What is kept: the journal on disk, the writer that carries it into MLflow, and the reader.

The only room that knows MLflow. MLflow takes seconds to import, and is imported when a store is first opened,
not with this package.
"""

from tuning.secrets import hide_password
from tuning.store.address import has_password, resolve_tracking_uri
from tuning.store.archive import set_aside
from tuning.store.events import ChoiceFrozen, EpochLogged, Event, RunEnded, RunStarted, RunSuperseded
from tuning.store.journal import Journal
from tuning.store.ledger import Ledger, RunState
from tuning.store.lock import lock_folder
from tuning.store.manifest import is_begun, keep_begun, kept_begun
from tuning.store.reader import StoreReader
from tuning.store.replay import replay
from tuning.store.report import WriterReport
from tuning.store.runs import StoredRun
from tuning.store.standing import Standing, standing
from tuning.store.summary import write_summary
from tuning.store.writer import StoreWriter

__all__ = [
    "ChoiceFrozen",
    "EpochLogged",
    "Event",
    "Journal",
    "Ledger",
    "RunEnded",
    "RunStarted",
    "RunState",
    "RunSuperseded",
    "Standing",
    "StoreReader",
    "StoreWriter",
    "StoredRun",
    "WriterReport",
    "has_password",
    "hide_password",
    "is_begun",
    "keep_begun",
    "kept_begun",
    "lock_folder",
    "replay",
    "resolve_tracking_uri",
    "set_aside",
    "standing",
    "write_summary",
]
