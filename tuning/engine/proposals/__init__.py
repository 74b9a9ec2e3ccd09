"""What each cell proposes next: settings to search, or settings to confirm."""

from tuning.engine.proposals.fixed import FixedProposals
from tuning.engine.proposals.of_cell import proposals_of
from tuning.engine.proposals.protocol import Proposals
from tuning.engine.proposals.sampled import OptunaProposals

__all__ = ["FixedProposals", "OptunaProposals", "Proposals", "proposals_of"]
