"""Layers with known singular values, and what they are asked."""

import math

import torch
from torch import Tensor, nn

from tests import oracles


def with_values(values: list[float], rows: int, columns: int) -> nn.Linear:
    """A layer with the given singular values and random singular vectors."""
    generator = torch.Generator().manual_seed(1)
    U, _ = torch.linalg.qr(torch.randn(rows, len(values), generator=generator, dtype=torch.float64))
    V, _ = torch.linalg.qr(torch.randn(columns, len(values), generator=generator, dtype=torch.float64))
    layer = nn.Linear(columns, rows, bias=False, dtype=torch.float64)
    layer.weight.data = U * torch.tensor(values, dtype=torch.float64) @ V.T
    return layer


def values_of(layer: nn.Module) -> Tensor:
    return oracles.dense_singular_values(layer.weight.detach())


def norm_in_view(layer: nn.Conv2d, view: str, size: tuple[int, int]) -> float:
    """The spectral norm of the whole matrix of a convolution, entry by entry."""
    kernel = layer.weight.detach()
    if view == "flat":
        matrix = kernel
    elif view == "circular":
        matrix = oracles.circular_matrix(kernel, size)
    else:
        matrix = oracles.padded_matrix(kernel, size, layer.stride[0], layer.padding[0])
    return oracles.dense_singular_values(matrix)[0].item()


def convolution(stride: int = 1, kernel: int = 3, seed: int = 0) -> nn.Conv2d:
    torch.manual_seed(seed)
    return nn.Conv2d(3, 4, kernel, stride=stride, padding=kernel // 2, bias=False, dtype=torch.float64)


def rms_norm(layer: nn.Linear) -> float:
    """The RMS→RMS norm of a layer's weight."""
    return values_of(layer)[0].item() * math.sqrt(layer.in_features / layer.out_features)


def conv(*sizes: int, seed: int = 0, **rest: object) -> nn.Conv2d:
    """A convolution without biases, in float32, from a seed."""
    torch.manual_seed(seed)
    return nn.Conv2d(*sizes, bias=False, **rest)  # type: ignore[arg-type]


IMAGE = (6, 5)
"""Height and width of the images that `shown` shows."""


def shown(layer: nn.Conv2d, size: tuple[int, int] = IMAGE) -> None:
    """One forward pass in training, which tells the views of images their size."""
    layer.train()(torch.zeros(1, layer.in_channels, *size, dtype=layer.weight.dtype))
