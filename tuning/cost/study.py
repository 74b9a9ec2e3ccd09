"""What a whole study will cost, and how long that takes on the machines at hand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from tuning.cost.cell import CellCost, Seconds, cell_cost, typical
from tuning.cost.evidence import Evidence
from tuning.cost.held import HeldWeights, held_weights
from tuning.records import CONFIRMATIONS, Phase
from tuning.study import Study
from tuning.trial.data.dataset_info import DatasetInfo, dataset_info
from tuning.trial.operations import count_operations
from tuning.trial.timing import time_inspection, time_step


@dataclass(frozen=True, kw_only=True)
class StudyCost:
    """What a study will cost, and where.

    Attributes:
        study: what is compared, and how.
        dataset_info: what is known of its data set.
        cells: in its order.
        available: cores and GPUs by Ray's names.
        held: the weights that each condition holds of each network.
        tflops: 10¹² operations a second that one trial's share of the machine is said to sustain; None where that was
            not stated.
        timed_on: the device on which the parts of trainings were timed; None where they were not.
        evidence: what its seeds will be able to show; None where it compares nothing, or nobody asked.
    """

    study: Study
    dataset_info: DatasetInfo
    cells: tuple[CellCost, ...]
    available: Mapping[str, float]
    held: tuple[HeldWeights, ...] = ()
    tflops: float | None = None
    timed_on: str | None = None
    evidence: Evidence | None = None

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases that train something, in their order."""
        return tuple(
            phase for phase in (Phase.TUNE, *CONFIRMATIONS) if any(phase in cell.trainings for cell in self.cells)
        )

    @property
    def slots(self) -> int:
        """Trials that run side by side; 0 where not even one fits."""
        return self.study.resources.slots(self.available, self.study.search.concurrency)

    @property
    def operations(self) -> int:
        """The operations of all trainings."""
        return sum(cell.total_operations for cell in self.cells)

    @property
    def seconds(self) -> float | None:
        """What all trainings take one after the other; None where it is not known."""
        return self.elapsed(1)

    def elapsed(self, slots: int) -> float | None:
        """Return how long the study takes.

        A phase ends when its last trial does: it lasts at least its total over the slots, and at least as long as its
        longest training.

        Args:
            slots: trials side by side, at least 1.

        Returns:
            Seconds; None where a training's are not known.
        """
        passed = 0.0
        for phase in self.phases:
            trained = [cell for cell in self.cells if phase in cell.trainings]
            trainings = [(cell.trainings[phase], cell.training_seconds(phase, self.tflops)) for cell in trained]
            known = [(count, seconds) for count, seconds in trainings if seconds is not None]
            if len(known) < len(trainings):
                return None
            total = sum(count * seconds for count, seconds in known)
            passed += max(total / slots, *(seconds for _, seconds in known))
        return passed


def study_cost(
    study: Study,
    *,
    available: Mapping[str, float],
    tflops: float | None = None,
    timed: bool = False,
    shown: Evidence | None = None,
    say: Callable[[str], object] = str,
) -> StudyCost:
    """Count what a study will cost; nothing of its data is read, and nothing is trained but what is timed.

    Args:
        study: already checked.
        available: cores and GPUs by Ray's names.
        tflops: as `StudyCost` has it.
        timed: take some steps of each cell on this machine, and look once at each architecture.
        shown: as `StudyCost` has its evidence.
        say: called with what is being timed, before each.

    Returns:
        The cost.

    Raises:
        ValueError: where an image folder is not laid out as one, an architecture cannot be counted, or a GPU that a
            trial reserves is not there to be timed on.
    """
    if timed and study.resources.gpu > 0 and not torch.cuda.is_available():
        raise ValueError(
            f"--time needs the {study.resources.gpu:g} GPU that a trial reserves, got none that torch sees; time on a "
            "machine that has it, or state its speed with --tflops"
        )
    images = dataset_info(study.dataset)
    cells: list[CellCost] = []
    for architecture in study.architectures:
        of_architecture = [cell for cell in study.cells if cell.architecture is architecture]
        operations = count_operations(architecture, images.input_shape, images.num_classes)
        if timed:
            say(architecture.name)
        inspection = time_inspection(typical(of_architecture[0]), images) if timed else None
        for cell in of_architecture:
            seconds = None
            if inspection is not None:
                say(cell.key)
                seconds = Seconds(step=time_step(typical(cell), images), inspection=inspection)
            cells.append(cell_cost(study, cell, images, operations, seconds))
    return StudyCost(
        study=study,
        dataset_info=images,
        cells=tuple(cells),
        available=available,
        held=held_weights(study, images),
        tflops=tflops,
        timed_on=_device(study) if timed else None,
        evidence=shown,
    )


def _device(study: Study) -> str:
    """Return the device of a trial, as people call it."""
    if study.resources.gpu > 0:
        return torch.cuda.get_device_name()
    return "1 core" if study.resources.cpu == 1 else f"{study.resources.cpu} cores"
