"""Scion: each weight steps to the end of a ball of its own norm."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from regularizers import Target
from regularizers.targets import by_shape
from tuning.settings import NewtonSchulz, Scion
from tuning.settings.newton_schulz import NEWTON_SCHULZ
from tuning.trial.optim.mean_gradient import MeanGradientRule, Parts, stacks, unstacked
from tuning.trial.optim.newton_schulz import orthogonalized
from tuning.trial.optim.root_mean_square import at_unit_rms


def build_scion(model: nn.Module, optimizer: Scion, learning_rate: float) -> torch.optim.Optimizer:
    """Return Scion over all parameters.

    W ← (1 − lr)·W − lr·ρ·D(M), M the mean of gradients (without the first term if unconstrained), where

    - a hidden weight or the first layer, m × n: D = √(m/n)·UVᵀ of M = UΣVᵀ, by Newton–Schulz;
    - a convolution Co × Ci × kh × kw: D = √(Co/Ci)/(kh·kw) · UVᵀ of the flattened matrix, Scion's own factor, which
      bounds the sum of the taps' norms. It is √(m/n) over √(kh·kw), m and n those of the flattened matrix;
    - the head, m × n: D = sign(M)/n, ‖D‖₂ ≤ √(m/n);
    - biases and norms: D = M/rms(M).

    D maximizes ⟨D, M⟩ over a ball of radius 1, hence W stays within radius ρ if it starts there and Newton–Schulz is
    exact (its error: `NEWTON_SCHULZ`). The paper's first layer in an MLP has the factor max(1, √(m/n)); here it is
    √(m/n) as everywhere, so that one bound holds for all.

    Args:
        model: the model.
        optimizer: radii, momentum, form.
        learning_rate: of every parameter.
    """
    return _Scion(Parts.of(model), optimizer, learning_rate)


class _Scion(MeanGradientRule):
    def __init__(self, parts: Parts, optimizer: Scion, learning_rate: float) -> None:
        head = [target for target in parts.weights if target.role == "head"]
        others = [target for target in parts.weights if target.role != "head"]
        groups: list[dict[str, Any]] = [
            {"kind": "spectral", "params": _parameters(group), "scale": optimizer.radius * _fan_ratio(group[0])}
            for shape in by_shape(others)
            for group in _by_kernel(shape)
        ]
        groups += [
            {"kind": "sign", "params": _parameters(group), "scale": optimizer.head_radius / group[0].fan_in}
            for group in by_shape(head)
        ]
        if parts.vectors:
            groups.append({"kind": "rms", "params": parts.vectors, "scale": optimizer.radius})
        super().__init__(
            groups, learning_rate, momentum=optimizer.momentum, shrink=1.0 if optimizer.constrained else 0.0
        )
        self._coefficients: NewtonSchulz = NEWTON_SCHULZ[optimizer.newton_schulz]

    def directions(self, group: dict[str, Any], parameters: list[nn.Parameter], means: list[Tensor]) -> list[Tensor]:
        if group["kind"] == "sign":
            return list(torch._foreach_sign(means))
        if group["kind"] == "rms":
            return at_unit_rms(means)
        return unstacked([orthogonalized(stack, self._coefficients) for stack in stacks(means)], parameters)


def _parameters(targets: list[Target]) -> list[nn.Parameter]:
    return [target.parameter for target in targets]


def _taps(target: Target) -> int:
    """kh·kw of a convolution, 1 of a matrix."""
    return target.parameter.shape[2:].numel()


def _fan_ratio(target: Target) -> float:
    return math.sqrt(target.fan_out / target.fan_in / _taps(target))


def _by_kernel(targets: list[Target]) -> list[list[Target]]:
    """Targets of one matrix shape apart by their taps: 4 channels of 1 × 9 and 36 of 1 × 1 are both 36 columns."""
    groups: dict[int, list[Target]] = {}
    for target in targets:
        groups.setdefault(_taps(target), []).append(target)
    return list(groups.values())
