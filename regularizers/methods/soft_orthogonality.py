"""Soft orthogonality: the loss charges each weight for the distance of its Gram matrix from the identity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from regularizers.base import Regularizer
from regularizers.checks import check_number
from regularizers.holding.periodic import LazyPenalty, PeriodicSettings
from regularizers.targets import Target


@dataclass(frozen=True, kw_only=True)
class SoftOrthogonality(PeriodicSettings):
    """The loss gains λ Σ ‖G − I‖²_F, where G is the smaller of WᵀW and WWᵀ.

    It pulls every singular value to 1: the penalty is λ Σ (s² − 1)², its gradient 4λ W(WᵀW − I) (Bansal, Chen
    and Wang 2018, https://arxiv.org/abs/1810.09102, "SO"). Of the two Gram matrices the smaller one can become
    the identity and is the cheaper; the other differs by a constant, as zero values are charged 1 each. A
    convolution is held in its flat view. Exact; a step of an n × n weight costs 6 n³ operations more.

    Attributes:
        strength: λ ≥ 0.
        every: steps from one penalty to the next, ≥ 1; at those steps it is ``every`` times as strong.

    Example:
        >>> layer = nn.Linear(2, 2, bias=False)
        >>> layer.weight.data = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
        >>> SoftOrthogonality(strength=0.5).attach(layer).penalty()
        tensor(4.5000, grad_fn=<MulBackward0>)
    """

    example: ClassVar[Mapping[str, Any]] = {"strength": 1e-4}

    strength: float

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("strength", self.strength, "1e-4", at_least=0)

    def attach(self, model: nn.Module) -> Regularizer:
        """Begin to penalize the weights of a model.

        Args:
            model: the network.

        Returns:
            The regularizer; its state is the count of steps.
        """
        return _SoftOrthogonality(self.held(model), self.every, self.strength)


class _SoftOrthogonality(LazyPenalty):
    def __init__(self, targets: Sequence[Target], every: int, strength: float) -> None:
        super().__init__(targets, every)
        self._strength = strength
        sizes = {min(target.fan_out, target.fan_in) for target in targets}
        like = targets[0].parameter
        self._identities = {size: torch.eye(size, dtype=like.dtype, device=like.device) for size in sizes}

    def amount(self) -> Tensor:
        return self._strength * torch.stack([self._deviation(target) for target in self.targets]).sum()

    def _deviation(self, target: Target) -> Tensor:
        matrix = target.differentiable_matrix
        wide = matrix if target.fan_out <= target.fan_in else matrix.mT
        return (wide @ wide.mT - self._identities[len(wide)]).square().sum()
