"""One trial's view of a data set: its own split, its own normalization, its batches."""

from dataclasses import dataclass

import torch

from tuning.records import Phase
from tuning.study import TrialSettings, derive_seed
from tuning.trial.data import Batches, Dataset, Normalization, normalization, open_dataset, resident, split


@dataclass(frozen=True, kw_only=True, eq=False)
class TrialData:
    """The training, validation and, in the confirm phase, test batches of one trial.

    Attributes:
        dataset: the decoded images.
        training: shuffled, augmented batches.
        validation: the held-out part.
        test: None in the tune phase, which never reads the test part.
        device: where the batches are.
    """

    dataset: Dataset
    training: Batches
    validation: Batches
    test: Batches | None
    device: torch.device

    @classmethod
    def open(cls, settings: TrialSettings, device: torch.device) -> "TrialData":
        """Return the data of a trial.

        Args:
            settings: name the data set, the split's seed and the batch size.
            device: where the batches go.
        """
        dataset = open_dataset(settings.dataset)
        train_index, validation_index = split(
            dataset.train_labels, settings.dataset.validation_fraction, settings.split_seed
        )
        numbers = normalization(dataset.train_images, train_index)
        images = resident(dataset.train_images, device)
        test = _test_part(settings, dataset, numbers, device) if settings.phase is Phase.CONFIRM else None
        crop, flip = settings.dataset.crop, settings.dataset.flip
        assert crop is not None
        assert flip is not None
        training = Batches(
            images=images,
            labels=dataset.train_labels,
            index=train_index,
            normalization=numbers,
            batch_size=settings.training.batch_size,
            device=device,
            seed=derive_seed(settings.seed, "batches"),
            crop=crop,
            flip=flip,
        )
        validation = Batches(
            images=images,
            labels=dataset.train_labels,
            index=validation_index,
            normalization=numbers,
            batch_size=EVALUATION_BATCH,
            device=device,
        )
        return cls(dataset=dataset, training=training, validation=validation, test=test, device=device)


EVALUATION_BATCH = 500
"""Images evaluated at a time; it changes memory and speed, and no result but by rounding."""


def _test_part(settings: TrialSettings, dataset: Dataset, numbers: Normalization, device: torch.device) -> Batches:
    images, labels = dataset.test()
    return Batches(
        images=resident(images, device),
        labels=labels,
        index=torch.arange(len(labels)),
        normalization=numbers,
        batch_size=EVALUATION_BATCH,
        device=device,
    )
