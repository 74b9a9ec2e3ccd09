"""A cell's proposals, as its study asks for them."""

from collections.abc import Sequence

from tuning.engine.proposals.fixed import FixedProposals
from tuning.engine.proposals.protocol import Proposals
from tuning.engine.proposals.sampled import OptunaProposals
from tuning.engine.state.history import TrialHistory
from tuning.records import DRAWN, Phase
from tuning.study import Cell


def proposals_of(cell: Cell, past: Sequence[TrialHistory] = ()) -> Proposals:
    """Return the proposals of the tune phase.

    Args:
        cell: whose space is searched.
        past: its trials of an earlier session, by index; those without an end are proposed again.
    """
    search = cell.setup.search
    if search.algorithm not in DRAWN:
        return OptunaProposals(cell, past)
    ended = {trial.settings.index for trial in past if trial.ended}
    left = [index for index in range(search.trials) if index not in ended]
    return FixedProposals([cell.settings(Phase.TUNE, index, cell.draw(index)) for index in left], len(ended))
