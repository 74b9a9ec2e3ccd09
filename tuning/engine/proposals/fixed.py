"""Trials that are known beforehand."""

from collections.abc import Sequence

from tuning.engine.state.history import TrialHistory
from tuning.settings import TrialSettings


class FixedProposals:
    """Settings that are known beforehand: of a search that draws from a table, or of the confirm phase.

    Args:
        settings: of the trials that are left.
        ended: how many trials of the cell and phase have ended before.
    """

    def __init__(self, settings: Sequence[TrialSettings], ended: int = 0) -> None:
        self.planned = ended + len(settings)
        self.proposed = ended
        self._left = iter(settings)

    def propose(self) -> TrialSettings:
        """Return the next settings of the list."""
        self.proposed += 1
        return next(self._left)

    def finish(self, trial: TrialHistory) -> None:
        """Do nothing: trials that are known beforehand learn from none."""
