"""Adam, torch's own.

AdamW is Adam with the regularizer ``weight_decay``, to the bit: tests/regularizers/methods/test_weight_decay.py.
"""

from collections.abc import Iterable

import torch
from torch import nn

from tuning.settings import Adam


def build_adam(model: nn.Module, optimizer: Adam, learning_rate: float) -> torch.optim.Optimizer:
    """Return ``torch.optim.Adam`` over all parameters.

    Args:
        model: the model.
        optimizer: its decays and ε.
        learning_rate: of every parameter.
    """
    return adam_over(model.parameters(), optimizer, learning_rate)


def adam_over(parameters: Iterable[nn.Parameter], optimizer: Adam, learning_rate: float) -> torch.optim.Optimizer:
    """Return ``torch.optim.Adam`` over some parameters.

    Args:
        parameters: at least one.
        optimizer: its decays and ε.
        learning_rate: of every one of them.
    """
    return torch.optim.Adam(
        parameters, lr=learning_rate, betas=(optimizer.beta1, optimizer.beta2), eps=optimizer.epsilon
    )
