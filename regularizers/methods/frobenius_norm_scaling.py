"""Frobenius norm scaling: each step ends on the sphere on which the weight began."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from regularizers.base import Regularizer
from regularizers.checks import check_number
from regularizers.holding.periodic import Periodic, PeriodicSettings
from regularizers.targets import Target


@dataclass(frozen=True, kw_only=True)
class FrobeniusNormScaling(PeriodicSettings):
    """W ← W · R / ‖W‖_F after the step, with R = scale · ‖W₀‖_F of the weight at attachment.

    All singular values keep their ratios. This is the "Frobenius norm" arm of
    https://github.com/phess2/SpecNorm (scale 1), and what airbench does to its filters (Jordan 2024,
    https://arxiv.org/abs/2404.00498, with R = √Co). Under BatchNorm the size of a weight does not change what
    the network computes, and the method is a control of the effective learning rate alone.

    Nothing is approximate: after a projection ‖W‖_F = R up to rounding. A weight that starts at zero has R = 0
    and stays zero.

    Attributes:
        scale: R over the initial norm, > 0.

    Example:
        >>> layer = nn.Linear(2, 2, bias=False)
        >>> layer.weight.data = torch.tensor([[3.0, 0.0], [0.0, 4.0]])
        >>> regularizer = FrobeniusNormScaling(scale=2.0).attach(layer)
        >>> regularizer.after_step(lr=0.1)
        >>> torch.linalg.matrix_norm(layer.weight.detach())
        tensor(10.)
    """

    scale: float = 1.0

    @property
    def raises_norms(self) -> bool:
        """Whether the method may make a spectral norm larger after the step: yes."""
        return True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("scale", self.scale, "1.0", above=0)

    def attach(self, model: nn.Module) -> Regularizer:
        """Begin to hold the weights of a model; the weights themselves change first after the first step.

        Args:
            model: the network, on its device.

        Returns:
            The regularizer; its state is the count of steps and one radius a weight.
        """
        return _FrobeniusNormScaling(self.held(model), self.scale, self.every)


class _FrobeniusNormScaling(Periodic):
    def __init__(self, targets: Sequence[Target], scale: float, every: int) -> None:
        super().__init__(targets, every)
        self._parameters: list[Tensor] = [target.written for target in targets]
        with torch.no_grad():
            self._radii = scale * torch.stack(torch._foreach_norm(self._parameters))

    def act(self, lr: float) -> None:
        norms = torch.stack(torch._foreach_norm(self._parameters))
        # A zero weight has no size to divide by, and stays zero.
        factors = self._radii / torch.where(norms > 0, norms, 1)
        torch._foreach_mul_(self._parameters, list(factors.unbind()))

    def _state(self) -> dict[str, Tensor]:
        radii = zip(self.targets, self._radii.unbind(), strict=True)
        return {**super()._state(), **{f"{target.name}.radius": radius for target, radius in radii}}
