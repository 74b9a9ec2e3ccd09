"""Whether conditions fit architectures, found out on models without numbers."""

from typing import TYPE_CHECKING

import torch
from torch import nn

from models import Architecture
from tuning.records import Phase
from tuning.study import TrialSettings
from tuning.trial.optim import build_optimizer

if TYPE_CHECKING:
    from tuning.study import Study


def check_weights(study: "Study", input_shape: tuple[int, int, int] = (3, 32, 32), num_classes: int = 10) -> None:
    """See that every regularizer and optimizer finds weights in every architecture, without each factor too.

    Args:
        study: already checked by itself.
        input_shape: of an image; which weights there are does not depend on it.
        num_classes: outputs; nor on these.

    Raises:
        ValueError: where a condition holds or updates nothing of a model.
    """
    # These need pydantic, which a machine that only trains need not have.
    from tuning.study import ablated_cells, ablations

    ablated = {cell.key for cell in ablated_cells(study)}
    for architecture in study.architectures:
        model = without_numbers(architecture, input_shape, num_classes)
        for cell in [cell for cell in study.cells if cell.architecture is architecture]:
            values = cell.draw(0)
            _check_held(cell.settings(Phase.TUNE, 0, values), model)
            for settings in ablations(cell, values, 0) if cell.key in ablated else ():
                _check_held(settings, model)


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
            f"{architecture.width} ({(str(error) or type(error).__name__).splitlines()[0]}); choose smaller ones"
        ) from error
