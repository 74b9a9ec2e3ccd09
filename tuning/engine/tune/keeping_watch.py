"""Whether what trials report can still be kept: the study's folder is where it was, and its name in the store ours."""

import time
from collections.abc import Callable
from typing import Any

from ray.tune import Callback

from tuning.store import StoreWriter

_SECONDS = 1.0


class KeepingLostError(RuntimeError):
    """What is reported from here on could not be kept as it must be."""


class KeepingWatch(Callback):
    """Ends a study whose folder has gone away or whose name in the store is another's now.

    Args:
        writer: the store.
        say: tells a person what the store was found to have that nobody expected.
    """

    def __init__(self, writer: StoreWriter, say: Callable[..., None]) -> None:
        self._writer = writer
        self._say = say
        self._looked = time.monotonic()

    def on_step_end(self, iteration: int, trials: list[Any], **info: Any) -> None:
        """See whether reports can still be kept, a second after the last time.

        Raises:
            KeepingLostError: where nothing more can be kept.
        """
        if time.monotonic() - self._looked < _SECONDS:
            return
        self._looked = time.monotonic()
        self._say(*self._writer.news())
        if (reason := self._writer.lost) is not None:
            raise KeepingLostError(reason)

    def __getstate__(self) -> dict[str, Any]:
        """Leave everything out of what Tune pickles: a session makes its own callbacks."""
        return {}
