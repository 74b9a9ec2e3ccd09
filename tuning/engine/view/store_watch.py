"""Whether the store takes what is reported, in words for the person at the terminal."""

import time
from collections.abc import Callable

_PATIENCE_SECONDS = 10.0
"""A store that fails for less is not worth a word."""


class StoreWatch:
    """Knows since when the store has been in trouble.

    Args:
        trouble: the reason now; None where all is well.
    """

    def __init__(self, trouble: Callable[[], str | None]) -> None:
        self._trouble = trouble
        self._since: float | None = None
        self._told = False

    def state(self) -> str | None:
        """Return what is the matter, where it has been for some time; None where all is well."""
        reason = self._trouble()
        if reason is None:
            self._since = None
            return None
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        if now - self._since < _PATIENCE_SECONDS:
            return None
        return f"the store does not take what is reported ({reason}); trials go on, and the journal keeps it"

    def news(self) -> str | None:
        """Return what has changed since the last time: trouble that has come, or has gone."""
        state = self.state()
        if state is not None and not self._told:
            self._told = True
            return state
        if self._told and self._since is None:
            self._told = False
            return "the store takes what is reported again"
        return None
