"""All that can be refused before a trial starts."""

import os
from pathlib import Path

import torch

from tuning.records import Phase
from tuning.study import Study
from tuning.trial import build_optimizer, open_dataset


def check_study(study: Study) -> None:
    """Decode the data set and see that every regularizer and optimizer finds weights in every architecture.

    The models are built on torch's meta device: shapes without numbers, so that a large one costs no memory.

    Args:
        study: already checked by itself.

    Raises:
        ValueError: where the data set is missing or damaged, or a condition holds or updates nothing of a model.
    """
    dataset = open_dataset(study.dataset)
    for architecture in study.architectures:
        with torch.device("meta"):
            model = architecture.build(dataset.input_shape, dataset.num_classes)
        for cell in [cell for cell in study.cells if cell.architecture is architecture]:
            try:
                settings = cell.settings(Phase.TUNE, 0, cell.draw(0))
                settings.regularizer.held(model)
                build_optimizer(model, settings.optimizer, 1.0)
            except ValueError as error:
                raise ValueError(f"condition {cell.condition_name} on {architecture.name}: {error}") from error


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
