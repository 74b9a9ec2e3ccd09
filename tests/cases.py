"""What the conformance suite runs: a row for every regularizer, a layer for every kind of weight."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from regularizers import REGULARIZERS, Regularizer, RegularizerSettings
from tests import oracles

LR = 0.05
HELD = ("hidden",)


@dataclass(frozen=True, kw_only=True)
class Row:
    """What a regularizer promises.

    ``twin`` is the slow exact version of one pass of its hooks, from the trained tensor to the weight in use.
    ``norm`` is the spectral norm a trained weight has, if it promises one, within the relative ``tolerance``.
    ``resting`` makes a weight that already is what the method wants.
    """

    settings: RegularizerSettings
    twin: Callable[[Tensor, float], Tensor]
    resting: Callable[[Tensor], Tensor]
    norm: Callable[[Tensor], float] | None = None
    tolerance: float = 0.0


def as_it_is(weight: Tensor) -> Tensor:
    return weight


def at_norm(weight: Tensor, scale: float) -> Tensor:
    return oracles.normalized(weight, LR, scale=scale).to(weight.dtype)


# Scale 4 puts the target above every other singular value of the cases, where one direction decides the norm.
ROWS = {
    "none": Row(settings=REGULARIZERS["none"](where=HELD), twin=oracles.unchanged, resting=as_it_is),
    "weight_decay": Row(
        settings=REGULARIZERS["weight_decay"](where=HELD, strength=0.5),
        twin=partial(oracles.decayed, strength=0.5),
        resting=torch.zeros_like,
    ),
    "l2_penalty": Row(
        settings=REGULARIZERS["l2_penalty"](where=HELD, strength=0.5),
        twin=oracles.unchanged,
        resting=as_it_is,
    ),
    "spectral_norm_scaling": Row(
        settings=REGULARIZERS["spectral_norm_scaling"](where=HELD, scale=4.0),
        twin=partial(oracles.top_scaled, scale=4.0),
        resting=partial(at_norm, scale=4.0),
        norm=partial(oracles.fan_ratio_norm, scale=4.0),
        tolerance=1e-3,
    ),
    "spectral_normalization": Row(
        settings=REGULARIZERS["spectral_normalization"](where=HELD, scale=2.0),
        twin=partial(oracles.normalized, scale=2.0),
        resting=partial(at_norm, scale=2.0),
        norm=partial(oracles.fan_ratio_norm, scale=2.0),
        tolerance=1e-2,
    ),
}

LAYERS: dict[str, Callable[[], nn.Linear | nn.Conv2d]] = {
    "linear": lambda: nn.Linear(12, 7),
    "conv": lambda: nn.Conv2d(3, 5, 3, padding=1),
    "strided conv": lambda: nn.Conv2d(3, 5, 3, stride=2, padding=1),
    "1x1 conv": lambda: nn.Conv2d(3, 5, 1),
    "one row": lambda: nn.Linear(12, 1),
    "zero matrix": lambda: _with_weight(nn.Linear(12, 7), torch.zeros(7, 12)),
    "rank one": lambda: _with_weight(nn.Linear(12, 7), torch.outer(torch.ones(7), torch.linspace(-1, 1, 12))),
}


def _with_weight(layer: nn.Linear, weight: Tensor) -> nn.Linear:
    layer.weight.data = weight.clone()
    return layer


class Net(nn.Module):
    """A held layer between things that are not held: an input layer, BatchNorm, dropout, and a head."""

    def __init__(self, layer: str, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        held = LAYERS[layer]()
        convolution = isinstance(held, nn.Conv2d)
        self.input_shape = (2, 6, 6) if convolution else (4,)
        self.before = nn.Conv2d(2, 3, 1) if convolution else nn.Linear(4, 12)
        self.norm = nn.BatchNorm2d(3) if convolution else nn.BatchNorm1d(12)
        self.held = held
        self.held.weight_role = "hidden"
        self.drop = nn.Dropout(0.2)
        with torch.no_grad():
            features = self.held(self.before(torch.zeros(1, *self.input_shape))).numel()
        self.head = nn.Linear(features, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.held(self.drop(self.norm(self.before(x))))).flatten(1))


class Training:
    """A net, its optimizer and its regularizer, with a batch of its own for each step."""

    def __init__(self, name: str, layer: str, seed: int = 0) -> None:
        self.net = Net(layer, seed)
        self.regularizer: Regularizer = ROWS[name].settings.attach(self.net)
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=LR, momentum=0.9)

    def step(self, number: int) -> None:
        torch.manual_seed(1000 + number)
        x, y = torch.randn(16, *self.net.input_shape), torch.randint(3, (16,))
        self.optimizer.zero_grad()
        loss = nn.functional.cross_entropy(self.net(x), y) + self.regularizer.penalty()
        loss.backward()
        self.regularizer.before_step(LR)
        self.optimizer.step()
        self.regularizer.after_step(LR)

    @property
    def held(self) -> Tensor:
        return self.net.held.weight.detach()
