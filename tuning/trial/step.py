"""One training step: the lines everyone will read, the same for every condition, the baseline too."""

import torch.nn.functional as F
from torch import Tensor, nn

from regularizers import Regularizer
from tuning.trial.optim import UpdateRule


def take_step(
    model: nn.Module,
    regularizer: Regularizer,
    optimizer: UpdateRule,
    batch: tuple[Tensor, Tensor],
    learning_rate: float,
    lr_scale: float = 1.0,
) -> tuple[Tensor, Tensor]:
    """Move the weights once, and hold them as the regularizer does.

    Args:
        model: in training mode.
        regularizer: attached to it.
        optimizer: over its parameters.
        batch: images and their classes, on the model's device.
        learning_rate: before the schedule's factor.
        lr_scale: the schedule's factor on every learning rate.

    Returns:
        The batch's mean cross-entropy before the step, and its logits.
    """
    x, y = batch
    for group in optimizer.param_groups:
        group["lr"] = group["initial_lr"] * lr_scale
    optimizer.zero_grad(set_to_none=True)
    logits = model(x)
    cross_entropy = F.cross_entropy(logits, y)
    loss = cross_entropy + regularizer.penalty()
    loss.backward()
    regularizer.before_step(learning_rate * lr_scale)
    optimizer.step()
    regularizer.after_step(learning_rate * lr_scale)
    return cross_entropy.detach(), logits.detach()
