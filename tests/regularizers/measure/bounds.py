"""A network's bound, and the matrix of derivatives that it is a bound of."""

import dataclasses
from collections.abc import Callable

import torch
from torch import Tensor, nn

from models import ARCHITECTURES
from regularizers.measure import lipschitz_bound
from tests import oracles

SHAPE = (3, 12, 10)


class Of(nn.Module):
    """A network from a function, with layers to call in it."""

    def __init__(self, function: Callable[..., Tensor], *layers: nn.Module) -> None:
        super().__init__()
        self.function, self.layers = function, nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, *self.layers)


def bound(model: nn.Module, shape: tuple[int, ...] = SHAPE, view: str = "flat", **norms: float) -> float:
    result = lipschitz_bound(model.double(), shape, view=view, norms=norms)
    assert result.log10 is not None, result.reason
    return 10**result.log10


def why_not(model: nn.Module, shape: tuple[int, ...] = SHAPE) -> str:
    result = lipschitz_bound(model, shape)
    assert result.log10 is None
    return result.reason


def shaken(model: nn.Module) -> nn.Module:
    """BatchNorm as after a training: statistics and scales of all sizes and signs."""
    torch.manual_seed(1)
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.running_mean.normal_()
            module.running_var.uniform_(0.2, 3)
            for parameter in module.parameters():
                parameter.data.normal_()
    return model.double().eval()


def jacobian(model: nn.Module, shape: tuple[int, ...]) -> Tensor:
    """The whole matrix of derivatives at a random image."""
    x = torch.randn(1, *shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    return torch.autograd.functional.jacobian(model, x).reshape(-1, x.numel())


def norm(matrix: Tensor) -> float:
    return float(oracles.dense_singular_values(matrix)[0])


def narrow(name: str) -> nn.Module:
    torch.manual_seed(0)
    return shaken(dataclasses.replace(ARCHITECTURES[name], width=6, size="custom").build(SHAPE, 5))
