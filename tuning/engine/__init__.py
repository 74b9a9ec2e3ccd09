"""Studies on Ray: the only room that imports it."""

from tuning.engine.runner import Outcome, run

__all__ = ["Outcome", "run"]
