"""Spectral norm scaling: after each step the largest singular value, and it alone, is set to its target."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from regularizers.base import Regularizer
from regularizers.checks import check_count, check_known, check_number
from regularizers.holding.groups import flat_groups
from regularizers.holding.leading import Leading, check_rank_one
from regularizers.holding.periodic import Periodic, PeriodicSettings
from regularizers.module_weights import Convolution
from regularizers.targets import Target, select

TARGETS = ("fan_ratio", "shared", "initial")


@dataclass(frozen=True, kw_only=True)
class SpectralNormScaling(PeriodicSettings):
    """W ← W + (σ* − σ₁) u₁v₁ᵀ after the step, with σ* = scale · √(fan_out / fan_in) or another target.

    Only the leading singular value changes, downwards or upwards; the others stay. So after one step the
    spectral norm is max(σ*, σ₂), and a weight with many singular values above σ* comes down by one direction
    a step. Newhouse et al. 2025 (https://arxiv.org/abs/2507.13338) call it the spectral hammer, and study
    files may too. A convolution is held in its flat view: in another one u₁v₁ᵀ is no kernel of its size.

    The target σ* is one of three:

    * ``fan_ratio``: scale · √(fan_out / fan_in), which makes the map's RMS→RMS norm ``scale`` (Yang, Simon
      and Bernstein 2023, https://arxiv.org/abs/2310.17813).
    * ``shared``: one for all, scale · √(out / in) of the model's first weight, held or not. With scale 1
      this is what https://github.com/phess2/SpecNorm really did in 2023, against its intention: its layer
      index never advanced (0.807 for every layer of 3072-2000-…, √(64/3) = 4.62 for every layer of a ResNet
      on CIFAR). As there, a first convolution counts its feature maps, channels × height × width, so that
      out / in = Co / (Ci · stride²) where the padding keeps the image's size.
    * ``initial``: scale · σ₁ at attachment. A weight that is zero then stays without a leading direction.

    **What is approximate.** (u₁, σ₁, v₁) comes from warm block power iteration (``regularizers.holding.leading``),
    whose estimate σ never exceeds σ₁. After the step uᵀWv = σ* and Wᵀu = σ*v hold up to rounding, so ‖W‖₂ ≥ σ*. Where
    an optimizer lifts many singular values above σ* at once, ‖W‖₂ stays above it however good the estimate is,
    because one of them comes down a step. ``benchmarks/README.md`` has, of real trainings, the error of the estimate
    and how far above σ* the norm was.

    Attributes:
        scale: multiplies the target, > 0.
        target: ``fan_ratio``, ``shared`` or ``initial``.
        view: ``flat``, the one in which a rank-one matrix can be added.
        power_iterations: iterations a projection, ≥ 1; each reads the weight twice.

    Example:
        >>> import torch
        >>> layer = nn.Linear(2, 2, bias=False)
        >>> layer.weight.data = torch.tensor([[3.0, 0.0], [0.0, 0.5]])
        >>> SpectralNormScaling(scale=1.0).attach(layer).after_step(lr=0.1)
        >>> torch.linalg.svdvals(layer.weight.detach()).round(decimals=5)
        tensor([1.0000, 0.5000])
    """

    scale: float = 1.0
    target: str = "fan_ratio"
    view: str = "flat"
    power_iterations: int = 1

    @property
    def raises_norms(self) -> bool:
        """Whether the method may make a spectral norm larger after the step: yes."""
        return True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("scale", self.scale, "1.0", above=0)
        check_known("target", self.target, TARGETS)
        check_rank_one(self.view)
        check_count("power_iterations", self.power_iterations, "1")

    def attach(self, model: nn.Module) -> Regularizer:
        """Begin to hold the weights of a model; the weights themselves change first after the first step.

        Args:
            model: the network, on its device.

        Returns:
            The regularizer; its state is the count of steps, and of each weight a block of directions and the target.
        """
        targets = self.held(model)
        return _SpectralNormScaling(targets, self, model)

    def norms(self, leading: Leading, model: nn.Module) -> Tensor:
        """The spectral norms σ* that the weights are brought to.

        Args:
            leading: the triplets of the weights that are held.
            model: the network.

        Returns:
            One a member of ``leading``.
        """
        if self.target == "initial":
            return self.scale * leading.follow(1).norms
        shared = _first_ratio(model) if self.target == "shared" else None
        ratios = [held.fan_out / held.fan_in if shared is None else shared for held in leading.members]
        return leading.members[0].parameter.new_tensor([self.scale * math.sqrt(ratio) for ratio in ratios])


def _first_ratio(model: nn.Module) -> float:
    """Outputs over inputs of the model's first weight, a convolution's counted over whole feature maps."""
    first = select(model)[0]
    stride = math.prod(first.module.stride) if isinstance(first.module, Convolution) else 1
    return first.fan_out / (first.trained.shape[1] * stride)


class _SpectralNormScaling(Periodic):
    def __init__(self, targets: Sequence[Target], settings: SpectralNormScaling, model: nn.Module) -> None:
        self._leading = Leading(flat_groups(targets))
        super().__init__(targets, settings.every, stateful=[self._leading])
        self._norms = settings.norms(self._leading, model)
        self._iterations = settings.power_iterations

    def act(self, lr: float) -> None:
        triplets = self._leading.follow(self._iterations)
        self._leading.add(triplets, self._norms - triplets.norms)

    def _state(self) -> dict[str, Tensor]:
        norms = zip(self._leading.members, self._norms.unbind(), strict=True)
        return {**super()._state(), **{f"{target.name}.norm": norm for target, norm in norms}}
