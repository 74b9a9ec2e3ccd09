"""Studies on Ray: the only room that imports it."""

import tuning.own_packages  # ruff: ignore[unused-import]  # first, and in Ray's workers too
from tuning.engine.log import StudyLog
from tuning.engine.runner import Outcome, run
from tuning.engine.termination import ending_in_order, ignore_signals

__all__ = ["Outcome", "StudyLog", "ending_in_order", "ignore_signals", "run"]
