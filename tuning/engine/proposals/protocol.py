"""What proposes the trials of one cell, as the search calls it."""

from typing import Protocol

from tuning.engine.state.history import TrialHistory
from tuning.settings import TrialSettings


class Proposals(Protocol):
    """The trials of one cell in one phase, one after another."""

    planned: int
    proposed: int

    def propose(self) -> TrialSettings:
        """Return the settings of the next trial; asked at most ``planned`` times."""

    def finish(self, trial: TrialHistory) -> None:
        """Take note of how a proposed trial has ended."""
