"""Ten steps of a small network, around any optimizer."""

import torch
from torch import nn

from regularizers import RegularizerSettings

LR = 0.02


def network() -> nn.Module:
    """Two layers without biases, because torch's weight_decay would decay these too."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 7, bias=False), nn.Tanh(), nn.Linear(7, 3, bias=False)).double()


def train(model: nn.Module, optimizer: torch.optim.Optimizer, settings: RegularizerSettings) -> list[torch.Tensor]:
    """The weights after ten steps."""
    regularizer = settings.attach(model)
    generator = torch.Generator().manual_seed(0)
    for _ in range(10):
        x = torch.randn(8, 5, generator=generator, dtype=torch.float64)
        optimizer.zero_grad()
        (model(x).square().mean() + regularizer.penalty()).backward()
        regularizer.before_step(LR)
        optimizer.step()
        regularizer.after_step(LR)
    return [parameter.detach() for parameter in model.parameters()]
