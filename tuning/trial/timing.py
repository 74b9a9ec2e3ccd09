"""How long the parts of a training take on this machine, from some real ones on images of noise."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from tuning.records import MEASURE_SECONDS
from tuning.settings import TrialSettings
from tuning.trial.data import Dataset
from tuning.trial.data.dataset_info import DatasetInfo
from tuning.trial.evaluation import evaluate
from tuning.trial.recorder import Recorder
from tuning.trial.trainer import Loop, prepare_process
from tuning.trial.trial_data import TrialData

WARM_UP = 2
STEPS = 10
"""Steps that are timed at least: what a regularizer does at each tenth step alone is among them."""

ENOUGH, LONG = 1.0, 20.0
"""Seconds after which no more steps are taken: the first where `STEPS` are done, the second in any case."""

IMAGES = 4000
"""Images of noise: those that a measurement looks at, and a few batches."""


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """The seconds that evaluating and measuring a network take.

    Attributes:
        image: seconds to evaluate one image, of a whole batch of them.
        measurement: seconds of one measurement, as the study measures.
    """

    image: float
    measurement: float


def time_step(settings: TrialSettings, dataset_info: DatasetInfo) -> float:
    """Return the mean seconds of a training step, its batch made and augmented, regularizer and optimizer included.

    Args:
        settings: what would be trained, and on what it would run.
        dataset_info: what is known of its data set.

    Returns:
        Seconds, of at least ten steps, or as many as fit in 20 seconds.

    Raises:
        ValueError: if a GPU is reserved and torch sees none.
    """
    loop = _loop(settings, dataset_info)
    loop.model.train()
    batches = _endless(loop.data)
    for _ in range(WARM_UP):
        loop.step(*next(batches), 1.0)
    _wait(loop.data.device)
    start, steps, passed = time.perf_counter(), 0, 0.0
    while passed < LONG and (steps < STEPS or passed < ENOUGH):
        loop.step(*next(batches), 1.0)
        _wait(loop.data.device)
        steps, passed = steps + 1, time.perf_counter() - start
    return passed / steps


def time_inspection(settings: TrialSettings, dataset_info: DatasetInfo) -> Inspection:
    """Return what evaluating and measuring take.

    Args:
        settings: which network, and how it would be measured.
        dataset_info: what is known of its data set.

    Returns:
        The seconds of each, the shorter of two tries.

    Raises:
        ValueError: if a GPU is reserved and torch sees none.
    """
    loop = _loop(settings, dataset_info)
    recorder = Recorder(settings, loop.model, loop.data)
    part = loop.data.validation
    passes = [_seconds(lambda: evaluate(loop.model, part)) for _ in range(2)]
    measured = [recorder.record(0, train_sums=None, seconds=0.0).metrics[MEASURE_SECONDS] for _ in range(2)]
    return Inspection(image=min(passes) / len(part.index), measurement=min(measured))


def _loop(settings: TrialSettings, dataset_info: DatasetInfo) -> Loop:
    whole = replace(settings, dataset=replace(settings.dataset, training_images=None))
    return Loop.build(whole, TrialData.of(_noise(dataset_info, whole), whole, prepare_process(whole)))


def _noise(dataset_info: DatasetInfo, settings: TrialSettings) -> Dataset:
    """Return images of the data set's shape, every class equally often, as many as are needed and at most as it has."""
    wanted = max(IMAGES, 4 * settings.training.batch_size, 8 * dataset_info.num_classes)
    count = min(wanted, dataset_info.train_images)
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, *dataset_info.input_shape), generator=generator, dtype=torch.uint8)
    labels = torch.arange(count) % dataset_info.num_classes
    names = tuple(map(str, range(dataset_info.num_classes)))
    return Dataset(
        train_images=images, train_labels=labels, class_names=names, content_key="noise", test=lambda: (images, labels)
    )


def _endless(data: TrialData) -> Iterator[tuple[Tensor, Tensor]]:
    epoch = 0
    while True:
        epoch += 1
        yield from data.training.epoch(epoch)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
