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
    ``penalty`` is the slow exact value of what it adds to the loss. ``norm`` is the spectral norm a trained weight
    has, or with ``at_most`` the largest it may have, if the method promises one, within the relative ``tolerance``.
    ``resting`` makes a weight that already is what the method wants.
    """

    settings: RegularizerSettings
    twin: Callable[[Tensor, float], Tensor]
    resting: Callable[[Tensor], Tensor]
    penalty: Callable[[Tensor], float] = oracles.no_penalty
    norm: Callable[[Tensor], float] | None = None
    at_most: bool = False
    tolerance: float = 0.0


def as_it_is(weight: Tensor) -> Tensor:
    return weight


def at_norm(weight: Tensor, scale: float) -> Tensor:
    return oracles.normalized(weight, LR, scale=scale).to(weight.dtype)


def below(weight: Tensor, bound: float) -> Tensor:
    return (0.9 * oracles.projected(weight, LR, bound=bound)).to(weight.dtype)


def below_fan_ratio(weight: Tensor, bound: float) -> Tensor:
    return (0.3 * oracles.in_ball(weight, LR, radius=bound)).to(weight.dtype)


def on_stiefel(weight: Tensor, bound: float) -> Tensor:
    return oracles.stiefel(weight, LR, bound=bound).to(weight.dtype)


def rank_one(weight: Tensor) -> Tensor:
    return oracles.with_values_mapped(weight, lambda s: s * (torch.arange(len(s)) == 0)).to(weight.dtype)


# Scale 4 puts the target above every other singular value of the cases, where one direction decides the norm.
SCALING = Row(
    settings=REGULARIZERS["spectral_norm_scaling"](where=HELD, scale=4.0),
    twin=partial(oracles.top_scaled, scale=4.0),
    resting=partial(at_norm, scale=4.0),
    norm=partial(oracles.fan_ratio_norm, scale=4.0),
    tolerance=1e-3,
)

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
        penalty=partial(oracles.half_squared_size, strength=0.5),
    ),
    "weight_normalization": Row(
        settings=REGULARIZERS["weight_normalization"](where=HELD), twin=oracles.unchanged, resting=as_it_is
    ),
    "frobenius_norm_scaling": Row(
        settings=REGULARIZERS["frobenius_norm_scaling"](where=HELD, scale=2.0),
        twin=partial(oracles.size_scaled, scale=2.0),
        resting=torch.zeros_like,
    ),
    "spectral_norm_scaling": SCALING,
    "spectral_hammer": SCALING,
    "spectral_normalization": Row(
        settings=REGULARIZERS["spectral_normalization"](where=HELD, scale=2.0),
        twin=partial(oracles.normalized, scale=2.0),
        resting=partial(at_norm, scale=2.0),
        norm=partial(oracles.fan_ratio_norm, scale=2.0),
        tolerance=1e-3,
    ),
    "spectral_projection": Row(
        settings=REGULARIZERS["spectral_projection"](where=HELD, bound=0.3),
        twin=partial(oracles.projected, bound=0.3),
        resting=partial(below, bound=0.3),
        norm=partial(oracles.constant_norm, bound=0.3),
        at_most=True,
        tolerance=1e-3,
    ),
    "spectral_norm_penalty": Row(
        settings=REGULARIZERS["spectral_norm_penalty"](where=HELD, strength=0.5),
        twin=oracles.unchanged,
        resting=as_it_is,
        penalty=partial(oracles.half_squared_norm, strength=0.5),
    ),
    "spectral_weight_decay": Row(
        settings=REGULARIZERS["spectral_weight_decay"](where=HELD, strength=0.25),
        twin=partial(oracles.top_decayed, strength=0.25),
        resting=torch.zeros_like,
    ),
    "spectral_soft_cap": Row(  # updates of RMS→RMS norm 8 · LR = 0.4, which this SGD never makes
        settings=REGULARIZERS["spectral_soft_cap"](where=HELD, bound=2.0, update_bound=8.0),
        twin=partial(oracles.soft_capped, bound=2.0, update_bound=8.0),
        resting=torch.zeros_like,
        norm=partial(oracles.fan_ratio_norm, scale=2.0),
        at_most=True,
        tolerance=1e-5,
    ),
    "spectral_hard_cap": Row(
        settings=REGULARIZERS["spectral_hard_cap"](where=HELD, bound=0.5),
        twin=partial(oracles.hard_capped, bound=0.5),
        resting=partial(below_fan_ratio, bound=0.5),
        norm=partial(oracles.fan_ratio_norm, scale=0.5),
        at_most=True,
        tolerance=1e-4,
    ),
    "stiefel_projection": Row(
        settings=REGULARIZERS["stiefel_projection"](where=HELD, bound=2.0),
        twin=partial(oracles.stiefel, bound=2.0),
        resting=partial(on_stiefel, bound=2.0),
        norm=partial(oracles.fan_ratio_norm, scale=2.0),
        tolerance=1e-4,
    ),
    "soft_orthogonality": Row(
        settings=REGULARIZERS["soft_orthogonality"](where=HELD, strength=0.1),
        twin=oracles.unchanged,
        resting=as_it_is,
        penalty=partial(oracles.distance_from_orthogonal, strength=0.1),
    ),
    "srip": Row(
        settings=REGULARIZERS["srip"](where=HELD, strength=0.1),
        twin=oracles.unchanged,
        resting=as_it_is,
        penalty=partial(oracles.isometry_defect, strength=0.1),
    ),
    "lipschitz_constraint": Row(
        settings=REGULARIZERS["lipschitz_constraint"](where=HELD, bound=0.3, view="flat"),
        twin=partial(oracles.projected, bound=0.3),
        resting=partial(below, bound=0.3),
        norm=partial(oracles.constant_norm, bound=0.3),
        at_most=True,
        tolerance=1e-3,
    ),
    "conv_operator_clip": Row(  # of a convolution the flat norm, which lies below the circular one
        settings=REGULARIZERS["conv_operator_clip"](where=HELD, bound=0.3),
        twin=partial(oracles.operator_clipped, bound=0.3, input_size=(6, 6)),
        resting=lambda weight: 0.1 * below(weight, bound=0.3),
        norm=partial(oracles.constant_norm, bound=0.3),
        at_most=True,
        tolerance=0.1,
    ),
    "norm_ball": Row(
        settings=REGULARIZERS["norm_ball"](where=HELD, radius=0.5),
        twin=partial(oracles.in_ball, radius=0.5),
        resting=partial(below_fan_ratio, bound=0.5),
        norm=partial(oracles.fan_ratio_norm, scale=0.5),
        at_most=True,
        tolerance=1e-3,
    ),
    "stable_rank_cap": Row(
        settings=REGULARIZERS["stable_rank_cap"](where=HELD, fraction=0.3),
        twin=partial(oracles.stable_rank_capped, fraction=0.3),
        resting=rank_one,
    ),
    # Written against the fixed order on purpose: the projection acts last all the same.
    "combined": Row(
        settings=REGULARIZERS["combined"](
            where=HELD,
            parts=[
                REGULARIZERS["spectral_norm_scaling"](scale=4.0),
                REGULARIZERS["weight_decay"](strength=0.5),
                REGULARIZERS["l2_penalty"](strength=0.5),
            ],
        ),
        twin=partial(
            oracles.in_turn, twins=[partial(oracles.decayed, strength=0.5), partial(oracles.top_scaled, scale=4.0)]
        ),
        resting=torch.zeros_like,
        penalty=partial(oracles.half_squared_size, strength=0.5),
        norm=partial(oracles.fan_ratio_norm, scale=4.0),
        tolerance=1e-3,
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
            self.held_input = self.before(torch.zeros(1, *self.input_shape))
            features = self.held(self.held_input).numel()
        self.head = nn.Linear(features, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.held(self.drop(self.norm(self.before(x))))).flatten(1))


def attached(name: str, net: Net) -> Regularizer:
    """The regularizer, after the held layer has seen an image, whose size some methods need."""
    regularizer = ROWS[name].settings.attach(net)
    with torch.no_grad():
        net.held(net.held_input.to(net.head.weight.dtype))
    return regularizer


class Training:
    """A net, its optimizer and its regularizer, with a batch of its own for each step."""

    def __init__(self, name: str, layer: str, seed: int = 0) -> None:
        self.net = Net(layer, seed)
        self.regularizer = attached(name, self.net)
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
