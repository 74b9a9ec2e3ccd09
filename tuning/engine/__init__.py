"""Studies on Ray: the only room that imports it."""

from tuning.engine.runner import Outcome, begin_anew, run

__all__ = ["Outcome", "begin_anew", "run"]
