"""A weight as a layer, and a network with convolutions of several sizes."""

import torch
from torch import Tensor, nn

from regularizers import LayerSpectrum
from regularizers.measure import measure


def layer_of(weight: Tensor) -> nn.Module:
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False, dtype=weight.dtype)
    layer.weight.data = weight
    return nn.Sequential(layer)


def spectrum_of(weight: Tensor) -> LayerSpectrum:
    return measure(layer_of(weight), (weight.shape[1],))["0"]


class Branched(nn.Module):
    """Convolutions of several sizes, BatchNorm, dropout, and a train() of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(2, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.b = nn.Conv2d(4, 3, 3, stride=2, padding=1)
        self.shortcut = nn.Conv2d(4, 3, 1, stride=2)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.a(x)))
        return self.head(self.drop(self.b(x) + self.shortcut(x)).mean((2, 3)))

    def train(self, mode: bool = True) -> "Branched":
        super().train(mode)
        self.norm.training = False
        return self
