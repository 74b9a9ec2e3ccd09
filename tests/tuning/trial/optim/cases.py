"""A small net with every kind of parameter, and gradients that test what an update rule promises."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from regularizers import select
from tuning.trial import build_optimizer

LR = 0.05


class Net(nn.Module):
    """Two convolutions of one shape, one of another, BatchNorm, two hidden layers of one shape, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(2, 6, 3)
        self.norm = nn.BatchNorm2d(6)
        self.convs = nn.ModuleList([nn.Conv2d(6, 6, 3, bias=False), nn.Conv2d(6, 6, 3, bias=False)])
        self.shortcut = nn.Conv2d(6, 72, 1)
        self.shortcut.weight_role = "downsample"
        self.hidden = nn.ModuleList([nn.Linear(9, 5), nn.Linear(9, 5), nn.Linear(5, 9)])
        self.head = nn.Linear(9, 3)


def net(dtype: torch.dtype = torch.float64) -> Net:
    torch.manual_seed(0)
    return Net().to(dtype)


def roles(model: nn.Module) -> dict[str, str]:
    """The role of each weight by the parameter's name; parameters that have none are biases and norms."""
    return {f"{target.name}.weight": target.role for target in select(model)}


def gradients(model: nn.Module, step: int, seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1000 * seed + step)
    return {
        name: torch.randn(parameter.shape, generator=generator, dtype=torch.float64).to(parameter.dtype)
        for name, parameter in model.named_parameters()
    }


def stepped(model, settings, *, steps=5, lr=LR, before=None, gradient=gradients) -> dict[str, Tensor]:
    """Take steps with made-up gradients, and return the parameters."""
    rule = build_optimizer(model, settings, lr)
    for step in range(steps):
        given = gradient(model, step)
        for name, parameter in model.named_parameters():
            parameter.grad = given[name].clone()
        if before is not None:
            before(lr)
        rule.step()
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


def rank_one(shape: torch.Size) -> Tensor:
    m, n = shape[0], shape[1:].numel()
    return torch.outer(torch.linspace(-1, 1, m), torch.linspace(1, 2, n)).view(shape)


def spread(shape: torch.Size) -> Tensor:
    """Singular values from 1 down to 10⁻⁴ of it, the region where Jordan's polynomial is highest among them."""
    m, n = shape[0], shape[1:].numel()
    generator = torch.Generator().manual_seed(m * n)
    U, _, Vh = torch.linalg.svd(torch.randn(m, n, generator=generator), full_matrices=False)
    return (U * torch.logspace(0, -4, min(m, n)) @ Vh).view(shape)


HARD: dict[str, Callable[[torch.Size], Tensor]] = {
    "rank one": rank_one,
    "spread": spread,
    "zero": torch.zeros,
    "vanishing": lambda shape: 1e-30 * spread(shape),
    "huge": lambda shape: 1e30 * spread(shape),
    "one entry": lambda shape: torch.zeros(shape).index_fill_(0, torch.tensor(0), 1.0),
}
