"""Muon: hidden weights move along their orthogonalized mean gradient, everything else by Adam."""

import math
from typing import Any

from torch import Tensor, nn

from regularizers import Target
from regularizers.targets import by_shape
from tuning.settings import HIDDEN_ROLES, Muon, NewtonSchulz
from tuning.settings.newton_schulz import NEWTON_SCHULZ
from tuning.trial.optim.adam import adam_over
from tuning.trial.optim.joined import Joined, UpdateRule
from tuning.trial.optim.mean_gradient import MeanGradientRule, Parts, stacks, unstacked
from tuning.trial.optim.newton_schulz import orthogonalized


def build_muon(model: nn.Module, optimizer: Muon, learning_rate: float) -> UpdateRule:
    """Return Muon over the hidden weights and Adam over the rest; who is who, the roles of `regularizers` say.

    ΔW = −lr · scale · NS(M), with M the (Nesterov) mean of gradients and NS(M) ≈ UVᵀ of M = UΣVᵀ. A convolution is
    its flattened matrix, Co × Ci·kh·kw, and the scale is taken from **that** matrix's m and n, not from the kernel's
    kh and kw. Without weight decay it is ``torch.optim.Muon`` in full precision, with convolutions.

    Args:
        model: the model.
        optimizer: Muon's and Adam's numbers.
        learning_rate: Muon's; Adam has its own.

    Returns:
        Both rules as one.

    Raises:
        ValueError: where the model has no hidden weight.
    """
    parts = Parts.of(model)
    hidden = [target for target in parts.weights if target.role in HIDDEN_ROLES]
    if not hidden:
        present = ", ".join(target.role for target in parts.weights)
        raise ValueError(
            f"optimizer muon needs a weight of role {', '.join(HIDDEN_ROLES)}, got a model with {present}; "
            "choose a deeper one, or the optimizer scion, spectral or adam"
        )
    rest = [target.parameter for target in parts.weights if target.role not in HIDDEN_ROLES]
    rules = [_Muon(hidden, optimizer, learning_rate)]
    auxiliary = adam_over([*rest, *parts.vectors], optimizer.auxiliary, optimizer.auxiliary_learning_rate)
    return Joined([*rules, auxiliary])


def _scale(mode: str, m: int, n: int) -> float:
    """The update's factor for a flattened m × n weight."""
    match mode:
        case "fan_ratio":
            return math.sqrt(m / n)
        case "original":
            return math.sqrt(max(1.0, m / n))
        case _:
            return 0.2 * math.sqrt(max(m, n))


class _Muon(MeanGradientRule):
    def __init__(self, hidden: list[Target], optimizer: Muon, learning_rate: float) -> None:
        groups = [
            {
                "params": [target.parameter for target in group],
                "scale": _scale(optimizer.scale_mode, group[0].fan_out, group[0].fan_in),
            }
            for group in by_shape(hidden)
        ]
        super().__init__(groups, learning_rate, momentum=optimizer.momentum, nesterov=optimizer.nesterov)
        self._coefficients: NewtonSchulz = NEWTON_SCHULZ[optimizer.newton_schulz]

    def directions(self, group: dict[str, Any], parameters: list[nn.Parameter], means: list[Tensor]) -> list[Tensor]:
        return unstacked([orthogonalized(stack, self._coefficients) for stack in stacks(means)], parameters)
