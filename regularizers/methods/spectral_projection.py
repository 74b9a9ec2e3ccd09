"""Spectral projection: a weight whose spectral norm exceeds the bound is divided down to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from regularizers.base import Regularizer
from regularizers.checks import check_number
from regularizers.holding.leading import Leading
from regularizers.holding.periodic import Periodic
from regularizers.holding.spectral_norm_in_view import SpectralNormInView
from regularizers.targets import Target


@dataclass(frozen=True, kw_only=True)
class SpectralProjection(SpectralNormInView):
    """W ← W / max(1, σ₁ / bound) after the step.

    The whole weight is scaled, and only downwards: below the bound not a bit changes. (For p = 2 and the
    padded view it is the constraint of Gouk et al. 2018, https://arxiv.org/abs/1804.04368; Newhouse et al.
    2025, https://arxiv.org/abs/2507.13338, call it spectral normalize.) It is not the nearest matrix under
    the bound, which would cut the large singular values and leave the others.

    σ₁ may be that of any view of a convolution, because W/c has the norm σ₁/c in each of them: ``flat``;
    ``circular``, the stride-1 convolution that wraps around; ``padded``, the one the network computes, with
    its stride and padding. The last two take the image's size from the layer's first forward pass in training,
    and their state is complete after it. A ``Linear`` is its matrix in every view.

    **What is approximate.** σ comes from warm block power iteration (``regularizers.holding.leading``), and never
    exceeds σ₁. So ‖W‖₂ ≤ bound · σ₁/σ after a projection: it exceeds the bound by the relative error of the
    estimate, which is second order in the angle between v and v₁, and which an iteration shrinks by (σ₉/σ₁)⁴ or so
    (eight directions are followed; four of a convolution seen as a map of images). It is largest where very many
    singular values are tied, as after an orthogonal initialization. ``benchmarks/README.md`` has the excess during
    real trainings.

    Attributes:
        bound: the largest spectral norm, > 0, in the given view and whatever the weight's shape.
        view: ``flat``, ``circular`` or ``padded``: which linear map's norm is held.
        power_iterations: iterations a projection, ≥ 1.

    Example:
        >>> layer = nn.Linear(2, 2, bias=False)
        >>> layer.weight.data = torch.tensor([[3.0, 0.0], [0.0, 1.5]])
        >>> SpectralProjection(bound=2.0).attach(layer).after_step(lr=0.1)
        >>> torch.linalg.svdvals(layer.weight.detach()).round(decimals=5)
        tensor([2., 1.])
    """

    example: ClassVar[Mapping[str, Any]] = {"bound": 1.0}

    bound: float

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("bound", self.bound, "1.0", above=0)

    def attach(self, model: nn.Module) -> Regularizer:
        """Begin to hold the weights of a model; the weights themselves change first after the first step.

        Args:
            model: the network, on its device.

        Returns:
            The regularizer; its state is the count of steps and one block of directions a weight.
        """
        targets = self.held(model)
        return _SpectralProjection(targets, self)


class _SpectralProjection(Periodic):
    def __init__(self, targets: Sequence[Target], settings: SpectralProjection) -> None:
        self._leading = Leading(settings.groups(targets))
        super().__init__(targets, settings.every, stateful=[self._leading])
        self._settings = settings
        self._parameters: list[Tensor] = [target.written for target in self._leading.members]

    def act(self, lr: float) -> None:
        norms = self._leading.follow(self._settings.power_iterations).norms
        torch._foreach_div_(self._parameters, list((norms / self._settings.bound).clamp(min=1).unbind()))
