"""The classical L2 penalty: the weights' squared size is part of the loss."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from regularizers.base import Regularizer, RegularizerSettings
from regularizers.checks import check_number
from regularizers.targets import Target


@dataclass(frozen=True, kw_only=True)
class L2Penalty(RegularizerSettings):
    """The loss gains (λ/2) Σ ‖W‖²_F, and so each weight's gradient λW.

    Around SGD this is ``SGD(weight_decay=λ)``, with momentum too. Around Adam it is not decay: the gradient
    λW is divided by the root of the second moment like any other (Loshchilov and Hutter 2019,
    https://arxiv.org/abs/1711.05101).

    Attributes:
        strength: λ ≥ 0.

    Example:
        >>> layer = nn.Linear(4, 1)
        >>> _ = nn.init.constant_(layer.weight, 2.0)
        >>> L2Penalty(strength=0.5).attach(layer).penalty()
        tensor(4., grad_fn=<MulBackward0>)
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
            The regularizer; it has no state.
        """
        return _L2Penalty(self.held(model), self.strength)


class _L2Penalty(Regularizer):
    def __init__(self, targets: Sequence[Target], strength: float) -> None:
        super().__init__(targets)
        self._strength = strength

    def penalty(self) -> Tensor:
        # The norm's square, and not the sum of squares: it makes no tensor of the weight's size on the way.
        norms = torch.stack([torch.linalg.vector_norm(target.trained) for target in self.targets])
        return 0.5 * self._strength * norms.square().sum()
