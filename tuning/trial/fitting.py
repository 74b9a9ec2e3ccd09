"""Whether conditions fit architectures, found out on models without numbers."""

from typing import TYPE_CHECKING

import torch
from torch import nn

from models import Architecture
from tuning.records import Phase
from tuning.trial.optim import build_optimizer

if TYPE_CHECKING:
    from tuning.study import Study


def check_weights(study: "Study", input_shape: tuple[int, int, int] = (3, 32, 32), num_classes: int = 10) -> None:
    """See that every regularizer and optimizer finds weights in every architecture.

    Args:
        study: already checked by itself.
        input_shape: of an image; which weights there are does not depend on it.
        num_classes: outputs; nor on these.

    Raises:
        ValueError: where a condition holds or updates nothing of a model.
    """
    for architecture in study.architectures:
        model = without_numbers(architecture, input_shape, num_classes)
        for cell in [cell for cell in study.cells if cell.architecture is architecture]:
            try:
                settings = cell.settings(Phase.TUNE, 0, cell.draw(0))
                settings.regularizer.held(model)
                build_optimizer(model, settings.optimizer, 1.0)
            except ValueError as error:
                raise ValueError(f"condition {cell.condition_name} on {architecture.name}: {error}") from error


def without_numbers(architecture: Architecture, input_shape: tuple[int, int, int], num_classes: int) -> nn.Module:
    """Return the model on torch's meta device: shapes without numbers, so that a large one costs no memory.

    Args:
        architecture: what to build.
        input_shape: channels, height and width of an image.
        num_classes: outputs.

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
