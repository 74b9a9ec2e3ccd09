"""Update rules: from an optimizer's settings and a model to what moves its weights. One rule a file."""

from tuning.trial.optim.build import build_optimizer
from tuning.trial.optim.joined import UpdateRule

__all__ = ["UpdateRule", "build_optimizer"]
