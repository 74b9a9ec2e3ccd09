"""Studies on Ray: the only room that imports it."""

from tuning.engine.runner import Outcome, run
from tuning.engine.termination import ending_in_order, ignore_signals

__all__ = ["Outcome", "ending_in_order", "ignore_signals", "run"]
