"""What one cell will cost: its trainings, their epochs and operations, and how long they take."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tuning.records import CONFIRMATIONS, Phase
from tuning.settings import TrialSettings
from tuning.study import Cell, Study, planned_trials
from tuning.trial.data.dataset_info import DatasetInfo
from tuning.trial.operations import Operations
from tuning.trial.timing import Inspection


@dataclass(frozen=True, kw_only=True)
class Work:
    """What one training of a cell consists of, if it is not stopped early.

    Attributes:
        epochs: passes over the training images.
        steps: of all epochs.
        trained: images shown in training, of all epochs.
        evaluated: images evaluated: validation and, but in the search, test, before the first step and each epoch.
        measurements: states whose spectra are taken.
    """

    epochs: int
    steps: int
    trained: int
    evaluated: int
    measurements: int


@dataclass(frozen=True, kw_only=True)
class Seconds:
    """What the parts of a training take.

    Attributes:
        step: a training step.
        inspection: evaluating an image, and a measurement.
    """

    step: float
    inspection: Inspection


@dataclass(frozen=True, kw_only=True)
class CellCost:
    """What one cell will cost.

    Attributes:
        architecture: its name.
        condition: its name.
        searched: what is searched in it, by flat name.
        trainings: by phase, of those that train something of it; at the baseline's learning rate at most so many.
        work: of one training, by phase.
        operations: parameters, and operations an image.
        seconds: what the parts of its trainings take, those without a factor as those of the whole; None where they
            were not timed.
    """

    architecture: str
    condition: str
    searched: tuple[str, ...]
    trainings: Mapping[Phase, int]
    work: Mapping[Phase, Work]
    operations: Operations
    seconds: Seconds | None = None

    def epochs(self, phase: Phase) -> int:
        """Return the epochs of all trainings of a phase."""
        return self.trainings[phase] * self.work[phase].epochs if phase in self.trainings else 0

    def training_operations(self, phase: Phase) -> int:
        """Return the operations of one training: of its training steps, and of evaluation."""
        work = self.work[phase]
        return work.trained * self.operations.training + work.evaluated * self.operations.forward

    @property
    def total_operations(self) -> int:
        """The operations of all trainings of all phases."""
        return sum(count * self.training_operations(phase) for phase, count in self.trainings.items())

    def training_seconds(self, phase: Phase, tflops: float | None) -> float | None:
        """Return what one training takes by itself.

        Args:
            phase: one of `trainings`.
            tflops: 10¹² operations that a trial's share of the machine does in a second; None where it is not stated.

        Returns:
            Seconds, from what was timed, else from the operations; None where neither is known.
        """
        work = self.work[phase]
        if self.seconds is not None:
            inspection = self.seconds.inspection
            looking = work.evaluated * inspection.image + work.measurements * inspection.measurement
            return work.steps * self.seconds.step + looking
        return None if tflops is None else self.training_operations(phase) / (tflops * 1e12)

    def total_seconds(self, tflops: float | None) -> float | None:
        """Return what all trainings of all phases take, one after the other; None where it is not known."""
        trainings = [(count, self.training_seconds(phase, tflops)) for phase, count in self.trainings.items()]
        known = [count * seconds for count, seconds in trainings if seconds is not None]
        return sum(known) if len(known) == len(trainings) else None


def typical(cell: Cell) -> TrialSettings:
    """Return a trial of the cell whose searched values stand in the middle of their ranges."""
    return cell.settings(Phase.TUNE, 0, {name: domain.at(0.5) for name, domain in cell.space.items()})


def cell_cost(
    study: Study, cell: Cell, dataset_info: DatasetInfo, operations: Operations, seconds: Seconds | None
) -> CellCost:
    """Return what a cell will cost.

    Args:
        study: what is compared, and how.
        cell: one of its cells.
        dataset_info: what is known of the study's data set.
        operations: of the cell's architecture.
        seconds: what its parts take, None where they were not timed.
    """
    planned = {phase: planned_trials(study, cell, phase) for phase in (Phase.TUNE, *CONFIRMATIONS)}
    trainings = {phase: count for phase, count in planned.items() if count}
    return CellCost(
        architecture=cell.architecture.name,
        condition=cell.condition_name,
        searched=tuple(cell.space),
        trainings=trainings,
        work={phase: _work(typical(cell), phase, dataset_info) for phase in trainings},
        operations=operations,
        seconds=seconds,
    )


def _work(settings: TrialSettings, phase: Phase, dataset_info: DatasetInfo) -> Work:
    epochs, measure = settings.training.epochs, settings.measure
    trained, held_out = dataset_info.split(settings.dataset)
    inspected = held_out + (0 if phase is Phase.TUNE else dataset_info.test_images)
    return Work(
        epochs=epochs,
        steps=epochs * math.ceil(trained / settings.training.batch_size),
        trained=epochs * trained,
        evaluated=(epochs + 1) * inspected,
        measurements=sum(measure.due(epoch, epochs) for epoch in range(epochs + 1)),
    )
