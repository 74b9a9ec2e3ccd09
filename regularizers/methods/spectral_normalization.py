"""Spectral normalization: the network computes with the weight divided by its spectral norm."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from regularizers.base import Regularizer, RegularizerSettings
from regularizers.checks import check_count, check_known, check_number
from regularizers.holding.groups import flat_groups
from regularizers.holding.leading import Leading
from regularizers.holding.reparametrize import reparametrize
from regularizers.targets import Target

GAINS = ("fixed", "learned")


@dataclass(frozen=True, kw_only=True)
class SpectralNormalization(RegularizerSettings):
    """The network's weight is W = γσ* · V / σ₁(V), where V is trained and σ* = scale · √(fan_out / fan_in).

    The reparametrization of Miyato et al. 2018 (https://arxiv.org/abs/1802.05957), with a target for each
    layer in the place of 1. The gradient flows through σ = uᵀVv with u and v held constant, as in the paper;
    it takes from V what would only change its size. A convolution is normalized in its flat view.

    The gain γ is 1, or one trained number a weight that begins at 1: then ‖W‖₂ = |γ|σ* may grow and shrink,
    and size and direction are trained apart. A negative γ mirrors the weight.

    **What is approximate.** u and v follow V by warm block power iteration (``regularizers.holding.leading``), once a
    training step, in ``after_step``, and never when the weight is read: a measurement changes nothing,
    unlike with ``torch.nn.utils.parametrizations.spectral_norm``. The estimate σ never exceeds σ₁, so ‖W‖₂ =
    σ* · σ₁/σ ≥ σ* (γ = 1), and it exceeds σ* by the relative error of the estimate. At attachment σ is found by
    Lanczos' method.

    u and v are buffers of the model, a learned γ is a parameter of it, and they travel with its state_dict, so
    that a loaded model computes the same; what they are followed by is the regularizer's own state. A model with
    this method is saved as a state_dict or copied by deepcopy; torch does not pickle such models whole.

    Attributes:
        scale: the RMS→RMS norm to hold, > 0.
        gain: ``fixed`` or ``learned``.
        power_iterations: iterations a step, ≥ 1.

    Example:
        >>> layer = nn.Linear(2, 2, bias=False)
        >>> layer.weight.data = torch.tensor([[3.0, 0.0], [0.0, 0.5]])
        >>> _ = SpectralNormalization(scale=1.0).attach(layer)
        >>> torch.linalg.svdvals(layer.weight.detach()).round(decimals=4)
        tensor([1.0000, 0.1667])
    """

    scale: float = 1.0
    gain: str = "fixed"
    power_iterations: int = 1

    @property
    def reparametrizes(self) -> bool:
        """Whether the network computes with another tensor than the one that is trained: yes."""
        return True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("scale", self.scale, "1.0", above=0)
        check_known("gain", self.gain, GAINS)
        check_count("power_iterations", self.power_iterations, "1")

    def attach(self, model: nn.Module) -> Regularizer:
        """Reparametrize the weights of a model. The trained parameters stay the same objects.

        Args:
            model: the network, on its device.

        Returns:
            The regularizer; its state is one block of directions a weight.
        """
        return _SpectralNormalization(self.held(model), self)


class _Normalized(nn.Module):
    """V ↦ γσ* V / uᵀVv. Reading never changes u and v."""

    u: Tensor
    v: Tensor
    gain: nn.Parameter | None

    def __init__(self, u: Tensor, v: Tensor, norm: float, *, learned: bool) -> None:
        super().__init__()
        self._norm = norm
        self.register_parameter("gain", nn.Parameter(u.new_ones(())) if learned else None)
        self.register_buffer("u", u.clone())
        self.register_buffer("v", v.clone())

    def forward(self, weight: Tensor) -> Tensor:
        sigma = self.u @ (weight.flatten(1) @ self.v)
        # A zero weight has no size to divide by, and stays zero.
        factor = self._norm / torch.where(sigma > 0, sigma, 1)
        return weight * (factor if self.gain is None else self.gain * factor)


class _SpectralNormalization(Regularizer):
    def __init__(self, targets: Sequence[Target], settings: SpectralNormalization) -> None:
        self._leading = Leading(flat_groups(targets))
        super().__init__(targets, stateful=[self._leading])
        self._iterations = settings.power_iterations
        self._normalized: list[_Normalized] = []
        with torch.no_grad():
            triplets = self._leading.follow(1)
        for target, (u, v) in zip(self._leading.members, triplets.vectors(), strict=True):
            norm = settings.scale * math.sqrt(target.fan_out / target.fan_in)
            normalized = _Normalized(u, v, norm, learned=settings.gain == "learned")
            self._normalized.append(normalized)
        reparametrize(list(zip(self._leading.members, self._normalized, strict=True)))

    @torch.no_grad()
    def after_step(self, lr: float) -> None:
        triplets = self._leading.follow(self._iterations)
        for normalized, (u, v) in zip(self._normalized, triplets.vectors(), strict=True):
            normalized.u.copy_(u)
            normalized.v.copy_(v)
