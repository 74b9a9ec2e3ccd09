"""The spectral norm penalty: the largest singular values are part of the loss."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from regularizers.base import Regularizer
from regularizers.checks import check_number
from regularizers.holding.leading import Leading
from regularizers.holding.periodic import LazyPenalty
from regularizers.holding.spectral_norm_in_view import SpectralNormInView
from regularizers.targets import Target


@dataclass(frozen=True, kw_only=True)
class SpectralNormPenalty(SpectralNormInView):
    """The loss gains (λ/2) Σ σ₁(W)², or with a threshold λ Σ max(0, σ₁(W) − threshold).

    The first is the penalty of Yoshida and Miyato 2017 (https://arxiv.org/abs/1705.10941), whose gradient is
    λσ₁u₁v₁ᵀ; the second is that of Delattre et al. 2023 (https://arxiv.org/abs/2305.16173), with the gradient
    λu₁v₁ᵀ above the threshold and none below. σ₁ may be that of any view of a convolution: ``flat``;
    ``circular``, the stride-1 convolution that wraps around; ``padded``, the one the network computes, with
    its stride and padding. The last two take the image's size from the layer's first forward pass in training,
    and their state is complete after it. A ``Linear`` is its matrix in every view.

    Its gradient is as dense as the weight, and writing and adding it is nearly all that the penalty costs; ``every``
    = k makes that a k-th.

    **What is approximate.** v follows W by warm block power iteration (``regularizers.holding.leading``), in
    ``after_step``; the penalty is computed with σ = ‖Wv‖, v held constant, and is the same however often it is asked
    for. σ never exceeds σ₁, and σ₁² − σ² ≤ (σ₁² − σ_r²) sin²∠(v, v₁): the error is second order in that of v. At
    attachment v is found by Lanczos' method.

    Attributes:
        strength: λ ≥ 0.
        threshold: what σ₁ may be for nothing, ≥ 0; None for the squared form.
        view: ``flat``, ``circular`` or ``padded``: which linear map's norm is penalized.
        power_iterations: iterations a step that has a penalty, ≥ 1.
        every: steps from one penalty to the next, ≥ 1; at those steps it is ``every`` times as strong.

    Example:
        >>> layer = nn.Linear(2, 2, bias=False)
        >>> layer.weight.data = torch.tensor([[3.0, 0.0], [0.0, 0.5]])
        >>> penalty = SpectralNormPenalty(strength=0.1).attach(layer).penalty()
        >>> round(penalty.item(), 5)
        0.45
    """

    example: ClassVar[Mapping[str, Any]] = {"strength": 0.01}

    strength: float
    threshold: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("strength", self.strength, "1e-2", at_least=0)
        if self.threshold is not None:
            check_number("threshold", self.threshold, "1.0", at_least=0)

    def attach(self, model: nn.Module) -> Regularizer:
        """Begin to penalize the weights of a model.

        Args:
            model: the network, on its device.

        Returns:
            The regularizer; its state is the count of steps and one block of directions a weight.
        """
        return _SpectralNormPenalty(self.held(model), self)


class _SpectralNormPenalty(LazyPenalty):
    def __init__(self, targets: Sequence[Target], settings: SpectralNormPenalty) -> None:
        self._leading = Leading(settings.groups(targets))
        super().__init__(targets, settings.every, stateful=[self._leading])
        self._strength = settings.strength
        self._threshold = settings.threshold
        self._iterations = settings.power_iterations

    def amount(self) -> Tensor:
        images = [group.images() for group in self._leading.groups]
        if self._threshold is None:
            return 0.5 * self._strength * torch.stack([image.square().sum() for image in images]).sum()
        norms = torch.cat([torch.linalg.vector_norm(image, dim=-1) for image in images])
        return self._strength * torch.relu(norms - self._threshold).sum()

    def act(self, lr: float) -> None:
        self._leading.follow(self._iterations)
