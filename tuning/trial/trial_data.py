"""One trial's view of a data set: its own split, its own normalization, its batches."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from tuning.records import CONFIRMATIONS
from tuning.settings import DataSettings, TrialSettings, derive_seed
from tuning.trial.data import (
    Batches,
    DataError,
    Dataset,
    Normalization,
    check_content,
    normalization,
    open_dataset,
    reduced,
    resident,
    split,
)


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
    def open(cls, settings: TrialSettings, device: torch.device, content: str | None = None) -> "TrialData":
        """Return the data of a trial.

        Args:
            settings: name the data set, the split's seed and the batch size.
            device: where the batches go.
            content: the content key that the data must have; None where any will do.

        Raises:
            DataError: if they have another one, or cannot be read.
        """
        try:
            dataset = open_dataset(settings.dataset)
            if content is not None:
                check_content(dataset.content_key, content, settings.dataset)
            return cls.of(dataset, settings, device)
        except ValueError as error:
            raise DataError(str(error)) from error

    @classmethod
    def of(cls, dataset: Dataset, settings: TrialSettings, device: torch.device) -> "TrialData":
        """Return a trial's view of a data set that is open.

        Args:
            dataset: the images.
            settings: give the split's seed and the batch size.
            device: where the batches go.
        """
        train_index, validation_index = divided(settings.dataset, dataset, settings.split_seed)
        numbers = normalization(dataset.train_images, train_index)
        images = resident(dataset.train_images, device)
        test = _test_part(settings, dataset, numbers, device) if settings.phase in CONFIRMATIONS else None
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
            batch_size=EVALUATION_BATCHES[device.type],
            device=device,
        )
        return cls(dataset=dataset, training=training, validation=validation, test=test, device=device)

    @property
    def training_sample(self) -> Batches:
        """Up to 2,000 training images as they are: for what is asked of a network on images it has learned from."""
        return _evenly_spaced(self.training, TRAINING_SAMPLE)

    @property
    def validation_sample(self) -> Batches:
        """Up to 64 validation images: for what costs many passes an image."""
        return _evenly_spaced(self.validation, VALIDATION_SAMPLE)


def divided(settings: DataSettings, dataset: Dataset, seed: int) -> tuple[Tensor, Tensor]:
    """Return the images that are trained on, and those held out for validation.

    Args:
        settings: how many of each.
        dataset: has the images, and perhaps its own for validation.
        seed: of the drawing.

    Returns:
        Two ascending indices without a common image.

    Raises:
        ValueError: where there are too few images.
    """
    labels = dataset.train_labels
    if dataset.validation is None:
        training, validation = split(labels, settings.validation_fraction, seed)
    else:
        training = torch.ones(len(labels), dtype=torch.bool).index_fill(0, dataset.validation, False).nonzero()[:, 0]
        validation = dataset.validation
    if settings.training_images is not None:
        training = reduced(labels, training, settings.training_images, seed)
    return training, validation


EVALUATION_BATCHES = {"cpu": 128, "cuda": 500}
"""Images evaluated at a time: on a CPU so few that a ResNet's activations stay near it. Results change by rounding."""

TRAINING_SAMPLE = 2000
"""Images on which a share of 10 % has a standard error below one in 100."""

VALIDATION_SAMPLE = 64


def _evenly_spaced(part: Batches, count: int) -> Batches:
    """Return so many images of a part, in its order and without augmentation: the same in every epoch and condition.

    They are spread over the part, because an image folder's images stand class by class.
    """
    total = len(part.index)
    count = min(count, total)
    index = part.index[torch.arange(count) * total // count]
    return replace(part, index=index, batch_size=EVALUATION_BATCHES[part.device.type], crop=0, flip=False)


def _test_part(settings: TrialSettings, dataset: Dataset, numbers: Normalization, device: torch.device) -> Batches:
    images, labels = dataset.test()
    return Batches(
        images=resident(images, device),
        labels=labels,
        index=torch.arange(len(labels)),
        normalization=numbers,
        batch_size=EVALUATION_BATCHES[device.type],
        device=device,
    )
