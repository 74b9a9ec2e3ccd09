"""Decoupled weight decay: every step shrinks the weights by a factor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from regularizers.base import Regularizer, RegularizerSettings
from regularizers.checks import check_number
from regularizers.targets import Target


@dataclass(frozen=True, kw_only=True)
class WeightDecay(RegularizerSettings):
    """W ← (1 − lr·λ) W before each step of the optimizer.

    This is the decay of AdamW (Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101): around Adam it
    makes the steps of ``torch.optim.AdamW`` bit for bit, around SGD without momentum those of
    ``SGD(weight_decay=λ)`` up to rounding. Around SGD with momentum it differs from ``SGD(weight_decay=λ)``,
    which puts λW into the momentum.

    Attributes:
        strength: λ ≥ 0, relative shrinkage per unit of learning rate.

    Example:
        >>> layer = nn.Linear(1, 1)
        >>> _ = nn.init.ones_(layer.weight)
        >>> WeightDecay(strength=0.5).attach(layer).before_step(lr=0.1)
        >>> round(layer.weight.item(), 6)
        0.95
    """

    example: ClassVar[Mapping[str, Any]] = {"strength": 0.1}

    strength: float

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("strength", self.strength, "1e-2", at_least=0)

    def check_training(self, learning_rate: float, update_bounds: Mapping[str, float]) -> None:
        """Refuse a training in which decay would turn weights around instead of shrinking them.

        Args:
            learning_rate: the largest of the training.
            update_bounds: of the optimizer.

        Raises:
            ValueError: lr · strength exceeds 1.
        """
        if learning_rate * self.strength > 1:
            raise ValueError(
                f"learning rate · strength must be at most 1, got {learning_rate:g} · {self.strength:g}; lower one"
            )

    def attach(self, model: nn.Module) -> Regularizer:
        """Begin to shrink the weights of a model.

        Args:
            model: the network.

        Returns:
            The regularizer; it has no state.
        """
        return _WeightDecay(self.held(model), self.strength)


class _WeightDecay(Regularizer):
    def __init__(self, targets: Sequence[Target], strength: float) -> None:
        super().__init__(targets)
        self._parameters: list[Tensor] = [target.written for target in targets]
        self._strength = strength

    @torch.no_grad()
    def before_step(self, lr: float) -> None:
        torch._foreach_mul_(self._parameters, 1 - lr * self._strength)
