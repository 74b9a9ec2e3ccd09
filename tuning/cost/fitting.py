"""Whether conditions fit architectures, found out on models without numbers."""

from torch import nn

from tuning.records import Phase
from tuning.settings import TrialSettings
from tuning.study import Study, ablated_cells, ablations
from tuning.trial import build_optimizer, without_numbers


def check_weights(study: Study, input_shape: tuple[int, int, int] = (3, 32, 32), num_classes: int = 10) -> None:
    """See that every regularizer and optimizer finds weights in every architecture, without each factor too.

    Args:
        study: already checked by itself.
        input_shape: of an image; which weights there are does not depend on it.
        num_classes: outputs; nor on these.

    Raises:
        ValueError: where a condition holds or updates nothing of a model.
    """
    ablated = {cell.key for cell in ablated_cells(study.ablate, study.cells)}
    for architecture in study.architectures:
        model = without_numbers(architecture, input_shape, num_classes)
        for cell in [cell for cell in study.cells if cell.architecture is architecture]:
            values = cell.draw(0)
            _check_held(cell.settings(Phase.TUNE, 0, values), model)
            if study.ablate is not None and cell.key in ablated:
                for settings in ablations(study.ablate, cell, values, 0):
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
