"""The stable rank cap: the leading singular value stays, the rest shrinks until few directions matter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import nn

from regularizers.base import Regularizer
from regularizers.checks import check_count, check_number
from regularizers.holding.groups import flat_groups
from regularizers.holding.leading import Leading
from regularizers.holding.periodic import Periodic, PeriodicSettings
from regularizers.targets import Target


@dataclass(frozen=True, kw_only=True)
class StableRankCap(PeriodicSettings):
    """W ← σ₁u₁v₁ᵀ + c (W − σ₁u₁v₁ᵀ) after a step, so that the stable rank ‖W‖²_F / σ₁² is at most q.

    q = max(1, fraction · min(fan_out, fan_in)). With R = ‖W‖²_F − σ₁² the image has the stable rank
    1 + c²R/σ₁², so c = min(1, σ₁ √((q − 1)/R)). It is the nearest weight of stable rank q with the same leading
    triplet, the stable rank normalization of Sanyal, Torr and Dokania 2020 (https://arxiv.org/abs/1906.04659).
    They reparametrize, and divide by the spectral norm beside; here the trained weight is projected, and the norm
    is free. A weight of lower stable rank keeps its bits. A convolution is held in its flat view.

    **What is approximate.** (u, σ, v) comes from warm block power iteration. The cap holds all the same, however poor
    the estimate: as Wᵀu = σv exactly, ‖W − σuvᵀ‖²_F = ‖W‖²_F − σ² exactly, the image has Frobenius norm √q σ, and
    its spectral norm is at least uᵀWv = σ. A poor estimate caps too much, and shrinks part of the true u₁v₁ᵀ.

    Attributes:
        fraction: q as a share of the largest rank, in (0, 1].
        power_iterations: iterations a projection, ≥ 1.

    Example:
        >>> layer = nn.Linear(2, 2, bias=False)
        >>> layer.weight.data = torch.tensor([[2.0, 0.0], [0.0, 2.0]])
        >>> StableRankCap(fraction=0.625).attach(layer).after_step(lr=0.1)  # 2 singular values, q = 1.25
        >>> torch.linalg.svdvals(layer.weight.detach()).round(decimals=4)
        tensor([2., 1.])
    """

    example: ClassVar[Mapping[str, Any]] = {"fraction": 0.5}

    fraction: float
    power_iterations: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("fraction", self.fraction, "0.5", above=0, at_most=1)
        check_count("power_iterations", self.power_iterations, "1")

    def attach(self, model: nn.Module) -> Regularizer:
        """Begin to hold the weights of a model; the weights themselves change first after step ``every``.

        Args:
            model: the network, on its device.

        Returns:
            The regularizer; its state is the count of steps and one block of directions a weight.
        """
        targets = self.held(model)
        return _StableRankCap(targets, self)


class _StableRankCap(Periodic):
    def __init__(self, targets: Sequence[Target], settings: StableRankCap) -> None:
        self._leading = Leading(flat_groups(targets))
        super().__init__(targets, settings.every, stateful=[self._leading])
        caps = [max(1.0, settings.fraction * min(target.matrix.shape)) for target in self._leading.members]
        self._caps = targets[0].parameter.new_tensor(caps)
        self._iterations = settings.power_iterations

    def act(self, lr: float) -> None:
        matrices = [target.matrix for target in self._leading.members]
        triplets = self._leading.follow(self._iterations)
        norms = triplets.norms
        rest = torch.stack(torch._foreach_norm(matrices)).square() - norms.square()
        kept = norms * ((self._caps - 1) / rest.clamp(min=torch.finfo(rest.dtype).tiny)).sqrt()
        kept = kept.clamp(max=1)
        torch._foreach_mul_(matrices, list(kept.unbind()))
        self._leading.add(triplets, (1 - kept) * norms)
