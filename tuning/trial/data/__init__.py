"""Images: from files and downloads to normalized, augmented batches on the training device."""

from tuning.trial.data.batches import Batches, resident
from tuning.trial.data.dataset import DataError, Dataset, check_content, data_remarks, open_dataset
from tuning.trial.data.normalize import Normalization, normalization
from tuning.trial.data.partition import reduced, split

__all__ = [
    "Batches",
    "DataError",
    "Dataset",
    "Normalization",
    "check_content",
    "data_remarks",
    "normalization",
    "open_dataset",
    "reduced",
    "resident",
    "split",
]
