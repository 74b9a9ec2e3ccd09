"""One training, in torch alone: from settings to records."""

from tuning.trial.data import open_dataset
from tuning.trial.optim import build_optimizer
from tuning.trial.trainer import Report, train

__all__ = ["Report", "build_optimizer", "open_dataset", "train"]
