"""All that can be refused before a trial starts."""

import os
from pathlib import Path

import torch
from torch import nn

from models import Architecture
from tuning.records import Phase
from tuning.study import Study, TrialSettings, ablated_cells, ablations
from tuning.trial import build_optimizer, open_dataset


def check_study(study: Study) -> None:
    """Decode the data set and see that every regularizer and optimizer finds weights in every architecture.

    Args:
        study: already checked by itself.

    Raises:
        ValueError: where the data set is missing or damaged, or a condition holds or updates nothing of a model.
    """
    dataset = open_dataset(study.dataset)
    crop, smallest = study.dataset.crop or 0, min(dataset.input_shape[1:])
    if crop > smallest:
        raise ValueError(f"crop must be at most an image's side, {smallest} pixels, got {crop}; a tenth of it is usual")
    check_weights(study, dataset.input_shape, dataset.num_classes)


def check_weights(study: Study, input_shape: tuple[int, int, int] = (3, 32, 32), num_classes: int = 10) -> None:
    """See that every regularizer and optimizer finds weights in every architecture.

    The models are built on torch's meta device: shapes without numbers, so that a large one costs no memory.

    Args:
        study: already checked by itself.
        input_shape: of an image; which weights there are does not depend on it.
        num_classes: outputs; nor on these.

    Raises:
        ValueError: where a condition holds or updates nothing of a model.
    """
    for architecture in study.architectures:
        model = _shapes(architecture, input_shape, num_classes)
        for cell in [cell for cell in study.cells if cell.architecture is architecture]:
            values = cell.draw(0)
            settings = [cell.settings(Phase.TUNE, 0, values)]
            settings += ablations(cell, values, 0) if cell in ablated_cells(study) else []
            for one in settings:
                _check_held(one, model)


def _check_held(settings: TrialSettings, model: nn.Module) -> None:
    """See that a trial's regularizer and optimizer find weights in a model.

    Raises:
        ValueError: where one finds none.
    """
    try:
        settings.regularizer.held(model)
        build_optimizer(model, settings.optimizer, 1.0)
    except ValueError as error:
        raise ValueError(f"condition {settings.title} on {settings.architecture.name}: {error}") from error


def _shapes(architecture: Architecture, input_shape: tuple[int, int, int], num_classes: int) -> nn.Module:
    """Return the model without its numbers.

    Raises:
        ValueError: for a depth or width beyond what torch can count.
    """
    try:
        with torch.device("meta"):
            return architecture.build(input_shape, num_classes)
    except (RuntimeError, TypeError, OverflowError, MemoryError) as error:
        raise ValueError(
            f"architecture {architecture.name} must be one that torch can build, got depth {architecture.depth}, width "
            f"{architecture.width} ({str(error).splitlines()[0]}); choose smaller ones"
        ) from error


def check_folder(folder: Path) -> None:
    """See that the results folder can be written.

    Args:
        folder: made if it is missing.

    Raises:
        ValueError: where it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ValueError(
            f"the results folder must be writable, got {folder} ({error}); choose another --storage"
        ) from error


def check_resources(study: Study, available: dict[str, float]) -> int:
    """Return how many trials run at a time.

    Args:
        study: what a trial reserves, and the study's own limit.
        available: the cluster's resources, ``{"CPU": 2.0, "GPU": 1.0}``.

    Raises:
        ValueError: where not even one trial fits.
    """
    wanted = {"CPU": float(study.resources.cpu), "GPU": study.resources.gpu}
    for name, amount in wanted.items():
        there = available.get(name, 0.0)
        if amount > there:
            raise ValueError(
                f"resources: a trial must fit on the cluster, got {amount:g} {name} wanted and {there:g} there; "
                "lower it in the study or add nodes"
            )
    slots = min(int(available[name] / amount + 1e-9) for name, amount in wanted.items() if amount > 0)
    return min(slots, study.search.concurrency or slots)
