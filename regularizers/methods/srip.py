"""SRIP: the loss charges each weight for the singular value that is farthest from 1."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from regularizers.base import Regularizer
from regularizers.checks import check_count, check_number
from regularizers.holding.periodic import LazyPenalty, PeriodicSettings
from regularizers.linalg.lanczos import start_vector, top_eigenpair
from regularizers.targets import Target


@dataclass(frozen=True, kw_only=True)
class SRIP(PeriodicSettings):
    """The loss gains λ Σ σ₁(G − I)², where G is the smaller of WᵀW and WWᵀ and σ₁ = max |s² − 1|.

    The spectral restricted isometry property of Bansal, Chen and Wang 2018 (https://arxiv.org/abs/1810.09102).
    Their code forms the columns' Gram matrix, which is huge for wide layers and cannot become the identity
    where rows are fewer; here G is the smaller one and never formed: (G − I)v costs two products with W. They
    lower λ in steps during training; here it is constant. A convolution is held in its flat view.

    **What is approximate.** The penalty is λ ‖(G − I)v‖² with v held constant in the gradient. v follows the
    leading eigenvector of G − I by power iteration after each step that has a penalty, started from the vector
    before. ‖(G − I)v‖ ≤ σ₁ always, and it is at least the largest |s² − 1| times v's share along that vector.
    At attachment v is found by Lanczos' method.

    Attributes:
        strength: λ ≥ 0.
        power_iterations: iterations a penalty, ≥ 1.
        every: steps from one penalty to the next, ≥ 1; at those steps it is ``every`` times as strong.

    Example:
        >>> layer = nn.Linear(2, 2, bias=False)
        >>> layer.weight.data = torch.tensor([[2.0, 0.0], [0.0, 0.5]])
        >>> round(SRIP(strength=0.5).attach(layer).penalty().item(), 4)
        4.5
    """

    example: ClassVar[Mapping[str, Any]] = {"strength": 0.01}

    strength: float
    power_iterations: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("strength", self.strength, "1e-2", at_least=0)
        check_count("power_iterations", self.power_iterations, "1")

    def attach(self, model: nn.Module) -> Regularizer:
        """Begin to penalize the weights of a model.

        Args:
            model: the network, on its device.

        Returns:
            The regularizer; its state is the count of steps and one vector a weight.
        """
        return _SRIP(self.held(model), self)


class _SRIP(LazyPenalty):
    def __init__(self, targets: Sequence[Target], settings: SRIP) -> None:
        super().__init__(targets, settings.every)
        self._strength = settings.strength
        self._iterations = settings.power_iterations
        self._v = [_leading(target.matrix) for target in targets]

    def amount(self) -> Tensor:
        deviations = [
            _deviation(target.differentiable_matrix, v).square().sum()
            for target, v in zip(self.targets, self._v, strict=True)
        ]
        return self._strength * torch.stack(deviations).sum()

    def act(self, lr: float) -> None:
        for target, v in zip(self.targets, self._v, strict=True):
            matrix = target.matrix
            for _ in range(self._iterations):
                image = _deviation(matrix, v)
                norm = torch.linalg.vector_norm(image)
                v.copy_(torch.where(norm > 0, image / norm, v))

    def _state(self) -> dict[str, Tensor]:
        vectors = {f"{target.name}.v": v for target, v in zip(self.targets, self._v, strict=True)}
        return {**super()._state(), **vectors}


def _deviation(matrix: Tensor, v: Tensor) -> Tensor:
    """(G − I)v."""
    tall = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.mT
    return tall.mT @ (tall @ v) - v


def _leading(matrix: Tensor) -> Tensor:
    start = start_vector(min(matrix.shape), matrix)
    _, v = top_eigenpair(lambda x: _deviation(matrix, _deviation(matrix, x)), start, cycles=8)
    return v
