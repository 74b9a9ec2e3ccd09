"""One training, in torch alone: from settings to records."""

from tuning.trial.data import open_dataset
from tuning.trial.initialization import build_initialized
from tuning.trial.optim import build_optimizer
from tuning.trial.step import take_step
from tuning.trial.trainer import Report, train

__all__ = ["Report", "build_initialized", "build_optimizer", "open_dataset", "take_step", "train"]
