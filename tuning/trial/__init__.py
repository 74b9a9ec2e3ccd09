"""One training, in torch alone: from settings to records."""

from tuning.trial.checkpoint import STATE_FILE, Checkpoint
from tuning.trial.data import DataError, data_remarks, open_dataset
from tuning.trial.initialization import build_initialized
from tuning.trial.machine import this_machine
from tuning.trial.optim import build_optimizer
from tuning.trial.step import take_step
from tuning.trial.trainer import Report, train
from tuning.trial.trial_data import divided
from tuning.trial.without_numbers import without_numbers

__all__ = [
    "STATE_FILE",
    "Checkpoint",
    "DataError",
    "Report",
    "build_initialized",
    "build_optimizer",
    "data_remarks",
    "divided",
    "open_dataset",
    "take_step",
    "this_machine",
    "train",
    "without_numbers",
]
