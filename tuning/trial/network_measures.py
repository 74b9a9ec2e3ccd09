"""What is measured of a whole network with images, beside loss and accuracy."""

import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from regularizers.measure import (
    BODY,
    jacobian_norms,
    lipschitz_bound,
    reestimate_batchnorm,
    spectral_halves,
    undisturbed,
)
from regularizers.targets import select
from tuning.records import (
    BOTTOM_HALF_ACCURACY,
    GAP_ACCURACY,
    GAP_LOSS,
    JACOBIAN_NORM,
    LIPSCHITZ_PADDED,
    MARGIN_LOW,
    MARGIN_MEDIAN,
    TOP_HALF_ACCURACY,
)
from tuning.trial.data import Batches
from tuning.trial.evaluation import evaluate
from tuning.trial.trial_data import TrialData


def generalization(model: nn.Module, data: TrialData, validation: tuple[float, float]) -> dict[str, float]:
    """Margins on training images, and how much better the network does on them than on validation images.

    Up to 2,000 training images are shown once, without augmentation and in evaluation mode. A margin is the true
    class's logit minus the largest other; it is negative where the network is wrong. Both gaps are positive where the
    network does better on what it has learned from: validation loss − training loss, and training accuracy −
    validation accuracy.

    Args:
        model: left as it is.
        data: its training part.
        validation: loss and accuracy on the validation part, from `evaluate`.

    Returns:
        The median and the 10 % quantile of the margins, and the gaps in loss (nats) and accuracy, by metric name; what
        is not finite is left out.
    """
    logits, labels = _logits(model, data.training_sample)
    margins = _margins(logits, labels)
    accuracy = (logits.argmax(1) == labels).double().mean().item()
    low, median = margins.quantile(margins.new_tensor([0.1, 0.5])).tolist()
    loss = F.cross_entropy(logits, labels).item()
    return _finite({
        MARGIN_MEDIAN: median,
        MARGIN_LOW: low,
        GAP_LOSS: validation[0] - loss,
        GAP_ACCURACY: accuracy - validation[1],
    })


def sensitivity(model: nn.Module, data: TrialData) -> dict[str, float]:
    """The network's Lipschitz constant from below and from above.

    From below: the largest norm of a Jacobian at up to 64 validation images. From above: the bound of the whole
    network with its convolutions as they are computed, padded and strided.

    Args:
        model: left as it is.
        data: its validation part.

    Returns:
        The norm and the bound's base-10 logarithm, by metric name; without the bound where there is none.
    """
    norms = [jacobian_norms(model, x).max() for x, _ in data.validation_sample.in_order()]
    bound = lipschitz_bound(model, data.dataset.input_shape, view="padded").log10
    return _finite({
        JACOBIAN_NORM: torch.stack(norms).max().item(),
        LIPSCHITZ_PADDED: math.nan if bound is None else bound,
    })


def accuracy_of_halves(model: nn.Module, data: TrialData) -> dict[str, float]:
    """Validation accuracy of the network with half of the singular values of every weight but the last.

    BatchNorm's statistics are taken anew from up to 2,000 training images.

    Args:
        model: left as it is.
        data: its training and validation parts.

    Returns:
        The accuracy with the top half and with the bottom half, by metric name, without one whose loss is not finite;
        nothing for a network whose only weight is the last.
    """
    if not any(target.role in BODY for target in select(model)):
        return {}
    accuracies = {}
    for name, half in zip((TOP_HALF_ACCURACY, BOTTOM_HALF_ACCURACY), spectral_halves(model), strict=True):
        reestimate_batchnorm(half, (x for x, _ in data.training_sample.in_order()))
        loss, accuracy = evaluate(half, data.validation)
        accuracies[name] = accuracy if math.isfinite(loss) else math.nan
    return _finite(accuracies)


@torch.no_grad()
def _logits(model: nn.Module, part: Batches) -> tuple[Tensor, Tensor]:
    """Return all logits and labels of a part, float64 on the CPU: sums there do not depend on the batches."""
    with undisturbed(model):
        batches = [(model(x), y) for x, y in part.in_order()]
    logits, labels = zip(*batches, strict=True)
    return torch.cat(logits).double().cpu(), torch.cat(labels).cpu()


def _margins(logits: Tensor, labels: Tensor) -> Tensor:
    true = labels.unsqueeze(1)
    others = logits.scatter(1, true, -math.inf).amax(1)
    return logits.gather(1, true).squeeze(1) - others


def _finite(metrics: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if math.isfinite(value)}
