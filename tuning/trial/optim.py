"""From an optimizer's settings to torch's optimizer."""

import torch
from torch import nn

from tuning.study import SGD, Optimizer


def build_optimizer(model: nn.Module, optimizer: Optimizer, learning_rate: float) -> torch.optim.Optimizer:
    """Return torch's optimizer over all parameters of the model.

    Its weight decay is always 0: decay belongs to the regularizers, so that the baseline runs the same code as its
    rivals.

    Args:
        model: the model, its regularizer attached (a reparametrization replaces parameters).
        optimizer: which update rule, and its numbers.
        learning_rate: before the schedule's factor.

    Returns:
        A ``torch.optim.SGD`` or ``torch.optim.Adam``.
    """
    if isinstance(optimizer, SGD):
        return torch.optim.SGD(
            model.parameters(), lr=learning_rate, momentum=optimizer.momentum, nesterov=optimizer.nesterov
        )
    return torch.optim.Adam(
        model.parameters(), lr=learning_rate, betas=(optimizer.beta1, optimizer.beta2), eps=optimizer.epsilon
    )
