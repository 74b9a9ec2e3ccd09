"""The multilayer perceptron."""

from itertools import pairwise
from math import prod

from torch import Tensor, nn


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
