"""One Tune searcher over all cells, so that no cell's end leaves the cluster idle."""

import uuid
from collections.abc import Mapping
from typing import Any

from ray.tune.search import Searcher

from tuning.engine.proposals import Proposals
from tuning.engine.slots.slots import Slots
from tuning.engine.state.history import History
from tuning.engine.tune.trainable import OBJECTIVE, as_config
from tuning.settings import TrialSettings


class InterleavedSearch(Searcher):
    """Asks the cells in turn, the one with the fewest trials first, and tells each what its own trials have said.

    Args:
        proposals: by cell, in the order of the study.
        history: what the trials have said; the store's callback fills it.
        checkpoints: folder below which each trial keeps its state.
        slots: how many trials may run at a time.
        content: the content key of the images that every trial is trained on.
    """

    def __init__(
        self, proposals: Mapping[str, Proposals], history: History, checkpoints: str, slots: Slots, content: str
    ) -> None:
        super().__init__(metric=OBJECTIVE, mode="max")
        self._proposals = proposals
        self._history = history
        self._checkpoints = checkpoints
        self._slots = slots
        self._content = content
        self._session = uuid.uuid4().hex
        self._live: dict[str, TrialSettings] = {}
        self._again: list[TrialSettings] = []

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        """Return the next trial's configuration, or FINISHED when all trials have ended.

        None where as many run as may, and while the last ones run, for one may have to be proposed again: Tune asks
        again.
        """
        open_cells = [cell for cell in self._proposals.values() if cell.proposed < cell.planned]
        left = len(self._again) + sum(cell.planned - cell.proposed for cell in open_cells)
        if not left:
            return None if self._live else Searcher.FINISHED
        if len(self._live) >= self._slots.allowed(len(self._live) + left):
            return None
        if self._again:
            settings = self._again.pop(0)
        else:
            settings = self._history.renewed(min(open_cells, key=lambda cell: cell.proposed).propose())
        self._live[trial_id] = settings
        return as_config(settings, self._checkpoints, self._session, self._content)

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Tell the trial's cell how it has ended; its epochs are in the history already.

        Tune repeats a trial that was running when its node was lost, and gives up one that waited for its worker there,
        be it the first or the next; that one is proposed again.
        """
        settings = self._live.pop(trial_id)
        trial = self._history.trial(settings)
        if error and trial.waits and trial.propose_again():
            self._again.append(settings)
            return
        if trial.is_put_off:
            return
        self._history.enter(settings).end(died=error)
        self._proposals[settings.cell].finish(trial)

    def save(self, checkpoint_path: str) -> None:
        """Save nothing: the journal of the study is the searcher's state, and outlives Ray's own."""
