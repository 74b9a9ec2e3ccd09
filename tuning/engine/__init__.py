"""Studies on Ray: the only room that imports it."""

from tuning.engine.log import StudyLog
from tuning.engine.runner import Outcome, run
from tuning.engine.termination import ending_in_order, ignore_signals

__all__ = ["Outcome", "StudyLog", "ending_in_order", "ignore_signals", "run"]
