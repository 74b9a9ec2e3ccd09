"""Stochastic gradient descent, torch's own."""

import torch
from torch import nn

from tuning.settings import SGD


def build_sgd(model: nn.Module, optimizer: SGD, learning_rate: float) -> torch.optim.Optimizer:
    """Return ``torch.optim.SGD`` over all parameters.

    Args:
        model: the model.
        optimizer: momentum.
        learning_rate: of every parameter.
    """
    return torch.optim.SGD(
        model.parameters(), lr=learning_rate, momentum=optimizer.momentum, nesterov=optimizer.nesterov
    )
