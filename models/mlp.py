"""The multilayer perceptron: as data, and its network."""

from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import ClassVar

from torch import Tensor, nn

from models.architecture import Architecture


@dataclass(frozen=True, kw_only=True)
class MLPArchitecture(Architecture):
    """A multilayer perceptron with ReLU between its layers.

    Attributes:
        depth: its weight matrices, ≥ 1; 1 is a linear classifier.
        width: units of each hidden layer.
        bias: whether the layers have biases.

    Example:
        >>> MLPArchitecture(name="wide", depth=5, width=2000, bias=False).size
        'custom'
    """

    family: ClassVar[str] = "mlp"

    bias: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.bias, bool):
            raise ValueError(f"bias must be true or false, got {self.bias!r}; choose e.g. false")

    def _model(self, input_shape: tuple[int, int, int], num_classes: int) -> nn.Module:
        return MLP(input_shape, num_classes, depth=self.depth, width=self.width, bias=self.bias)


class MLP(nn.Module):
    """A multilayer perceptron with ReLU between its layers.

    ``f(x) = W_L relu(W_{L−1} … relu(W_1 vec(x)))``, plus biases if there are any; depth L counts the
    matrices.

    Args:
        input_shape: ``(channels, height, width)`` of one image; images are flattened.
        num_classes: rows of the last matrix.
        depth: number of weight matrices L, ≥ 1; 1 is a linear classifier.
        width: units of each hidden layer.
        bias: whether the layers have biases.
    """

    def __init__(
        self, input_shape: tuple[int, int, int], num_classes: int, *, depth: int, width: int, bias: bool
    ) -> None:
        super().__init__()
        sizes = [prod(input_shape), *[width] * (depth - 1), num_classes]
        self.layers = nn.ModuleList(nn.Linear(fan_in, fan_out, bias) for fan_in, fan_out in pairwise(sizes))

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits ``(batch, num_classes)`` of images ``(batch, channels, height, width)``."""
        x = x.flatten(1)
        for layer in self.layers[:-1]:
            x = layer(x).relu()
        return self.layers[-1](x)
