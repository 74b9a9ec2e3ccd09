"""Stiefel projection: all singular values are set to the bound."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from regularizers.base import Regularizer
from regularizers.checks import check_number
from regularizers.holding.periodic import PeriodicSettings
from regularizers.holding.spectral_map import SpectralMap
from regularizers.linalg.polar import polar_factor
from regularizers.targets import Target


@dataclass(frozen=True, kw_only=True)
class StiefelProjection(PeriodicSettings):
    """W ← bound · √(fan_out / fan_in) · U Vᵀ after a step, for W = U S Vᵀ.

    The nearest weight whose rows or columns, whichever are fewer, are orthogonal and of equal length: a point
    of a Stiefel manifold, scaled so that its RMS→RMS norm is ``bound`` (the "orthogonal" arm of Newhouse et al.
    2025, https://arxiv.org/abs/2507.13338). A convolution is held in its flat view.

    **What is approximate.** The polar factor comes from products (``regularizers.linalg.polar.polar_factor``): singular
    values above 1.6·10⁻³ σ̂ end at the bound up to a relative 10⁻⁵; smaller ones end below it, never above, and the
    next projections lift them further, about 2100-fold each. A zero weight stays zero. An n × n weight costs about
    42 n³ operations, a training step of B examples 6 B n²; with ``every`` = k singular values lie within
    (k − 1) ‖U‖₂ of the bound for updates U a step.

    Attributes:
        bound: the RMS→RMS norm to hold, > 0.

    Example:
        >>> layer = nn.Linear(2, 2, bias=False)
        >>> layer.weight.data = Tensor([[3.0, 0.0], [0.0, 0.5]])
        >>> StiefelProjection(bound=2.0).attach(layer).after_step(lr=0.1)
        >>> layer.weight.diagonal().detach().round(decimals=4)
        tensor([2., 2.])
    """

    bound: float = 1.0

    @property
    def raises_norms(self) -> bool:
        """Whether the method may make a spectral norm larger after the step: yes."""
        return True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("bound", self.bound, "1.0", above=0)

    def attach(self, model: nn.Module) -> Regularizer:
        """Begin to hold the weights of a model; the weights themselves change first after step ``every``.

        Args:
            model: the network.

        Returns:
            The regularizer; its state is the count of steps.
        """
        return _StiefelProjection(self.held(model), self.every, self.bound)


class _StiefelProjection(SpectralMap):
    def __init__(self, targets: Sequence[Target], every: int, bound: float) -> None:
        super().__init__(targets, every)
        self._bound = bound

    def image(self, matrix: Tensor, unit: float) -> Tensor:
        return polar_factor(matrix).mul_(self._bound * unit)
