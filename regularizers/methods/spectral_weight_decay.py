"""Spectral weight decay: every step shrinks the largest singular value, and it alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import nn

from regularizers.base import Regularizer, RegularizerSettings
from regularizers.checks import check_count, check_number
from regularizers.holding.groups import flat_groups
from regularizers.holding.leading import Leading, check_rank_one
from regularizers.targets import Target


@dataclass(frozen=True, kw_only=True)
class SpectralWeightDecay(RegularizerSettings):
    """W ← W − λσ₁u₁v₁ᵀ before each step of the optimizer, or, coupled, W ← W − lr·λσ₁u₁v₁ᵀ.

    The leading singular value becomes (1 − λ)σ₁ and the others stay (Newhouse et al. 2025,
    https://arxiv.org/abs/2507.13338, whose λ is not multiplied by the learning rate). Coupled and around SGD
    without momentum it takes the steps of the spectral norm penalty (λ/2)σ₁², as weight decay takes those of
    the L2 penalty. A convolution is held in its flat view: in another one u₁v₁ᵀ is no kernel of its size.

    **What is approximate.** (u₁, σ₁, v₁) comes from warm block power iteration (``regularizers.holding.leading``).
    With its estimate σ ≤ σ₁ and its exact relation Wᵀu = σv the update is −λu(Wᵀu)ᵀ, that is
    (I − λuuᵀ)W, which for 0 ≤ λ ≤ 2 never raises the norm, however poor the estimate is.

    Attributes:
        strength: λ ≥ 0, the share taken from σ₁ each step; at most 1 unless it is coupled.
        coupled: whether λ is multiplied by the step's learning rate.
        view: ``flat``, the one in which a rank-one matrix can be subtracted.
        power_iterations: iterations a step, ≥ 1.

    Example:
        >>> layer = nn.Linear(2, 2, bias=False)
        >>> layer.weight.data = torch.tensor([[3.0, 0.0], [0.0, 1.0]])
        >>> SpectralWeightDecay(strength=0.5).attach(layer).before_step(lr=0.1)
        >>> torch.linalg.svdvals(layer.weight.detach()).round(decimals=5)
        tensor([1.5000, 1.0000])
    """

    example: ClassVar[Mapping[str, Any]] = {"strength": 0.01}

    strength: float
    coupled: bool = False
    view: str = "flat"
    power_iterations: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.coupled:
            check_number("strength", self.strength, "1.0", at_least=0)
        else:
            check_number("strength", self.strength, "0.01", at_least=0, at_most=1)
        check_rank_one(self.view)
        check_count("power_iterations", self.power_iterations, "1")

    def attach(self, model: nn.Module) -> Regularizer:
        """Begin to shrink the weights of a model.

        Args:
            model: the network, on its device.

        Returns:
            The regularizer; its state is one block of directions a weight.
        """
        targets = self.held(model)
        return _SpectralWeightDecay(targets, self)


class _SpectralWeightDecay(Regularizer):
    def __init__(self, targets: Sequence[Target], settings: SpectralWeightDecay) -> None:
        self._leading = Leading(flat_groups(targets))
        super().__init__(targets, stateful=[self._leading])
        self._settings = settings

    @torch.no_grad()
    def before_step(self, lr: float) -> None:
        settings = self._settings
        share = settings.strength * lr if settings.coupled else settings.strength
        triplets = self._leading.follow(settings.power_iterations)
        self._leading.add(triplets, -share * triplets.norms)
