"""The Lipschitz constraint: each layer's operator norm, in a p-norm of the user's choice, is kept below a bound."""

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

NORMS = (1, 2, "inf")

_BatchNorm = nn.modules.batchnorm._BatchNorm


@dataclass(frozen=True, kw_only=True)
class LipschitzConstraint(SpectralNormInView):
    """W ← W / max(1, ‖W‖_p / bound) after a step, and γ ← γ / max(1, max|γ/√(var + eps)| / batch_norm_bound).

    Gouk, Frank, Pfahringer and Cree 2021 (https://arxiv.org/abs/1804.04368). ‖W‖_p is the operator norm of the map
    that the layer computes:

    * p = 1: the largest column sum of |W|; of a convolution the largest Σ |K| over one input channel.
    * p = inf: the largest row sum of |W|; of a convolution the largest Σ |K| over one output channel.
    * p = 2: the spectral norm. In the view ``padded`` a convolution is the one that the network computes, with its
      stride and padding, at the image's size of its first forward pass in training; ``flat`` is its flat matrix.

    The second constraint is on each BatchNorm layer with running statistics, through which activations are
    multiplied by γ/√(var + eps); without it BatchNorm takes back what the first has won. ``where`` chooses weights,
    not BatchNorms: a bound for them is one for all of the model, and has nothing to do where there are none.

    **What is approximate.** p = 1 and inf are exact for a ``Linear``, and upper bounds for a convolution (exact
    with stride 1 where the image is larger than the kernel). For p = 2, σ comes from warm block power iteration through
    the map and its transpose, and never exceeds σ₁: a projected weight exceeds the bound by the relative error of
    the estimate. (On a GPU convolutions may round to TF32, an error of 10⁻³.)

    Attributes:
        bound: the largest norm of a weight, > 0; for p = 2 usually 1 to 12, for p = 1 and inf 20 to 90.
        p: 1, 2 or ``"inf"``.
        batch_norm_bound: the largest factor of a BatchNorm layer, > 0; None leaves BatchNorm alone.
        view: ``"flat"`` or ``"padded"``, of convolutions for p = 2.
        power_iterations: iterations a projection for p = 2, ≥ 1.

    Example:
        >>> layer = nn.Linear(2, 2, bias=False)
        >>> layer.weight.data = torch.tensor([[3.0, 1.0], [0.0, 1.0]])
        >>> LipschitzConstraint(bound=2.0, p="inf").attach(layer).after_step(lr=0.1)
        >>> layer.weight.tolist()
        [[1.5, 0.5], [0.0, 0.5]]
    """

    views: ClassVar[Sequence[str]] = ("flat", "padded")
    example: ClassVar[Mapping[str, Any]] = {"bound": 2.0}

    bound: float
    p: int | str = 2
    batch_norm_bound: float | None = None
    view: str = "padded"

    @property
    def iterates(self) -> bool:
        """Whether the norm is found by power iteration in the view: for p = 2 alone."""
        return self.p == 2

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("bound", self.bound, "5.0", above=0)
        if self.p not in NORMS or isinstance(self.p, bool):
            raise ValueError(f'p must be 1, 2 or "inf", got {self.p!r}; choose one of these')
        if self.batch_norm_bound is not None:
            check_number("batch_norm_bound", self.batch_norm_bound, "5.0", above=0)

    def attach(self, model: nn.Module) -> Regularizer:
        """Begin to hold the weights of a model; the weights themselves change first after step ``every``.

        Args:
            model: the network, on its device.

        Returns:
            The regularizer; its state is the count of steps and, for p = 2, one block of directions a weight.
        """
        return _LipschitzConstraint(self.held(model), self, [] if self.batch_norm_bound is None else _norms(model))


class _LipschitzConstraint(Periodic):
    def __init__(self, targets: Sequence[Target], settings: LipschitzConstraint, norms: list[_BatchNorm]) -> None:
        self._leading = Leading(settings.groups(targets))
        super().__init__(targets, settings.every, stateful=[self._leading])
        self._settings = settings
        self._norms = norms
        members = self._leading.members or list(targets)
        self._parameters: list[Tensor] = [target.written for target in members]

    def act(self, lr: float) -> None:
        sizes = self._sizes()
        torch._foreach_div_(self._parameters, list((sizes / self._settings.bound).clamp(min=1).unbind()))
        limit = self._settings.batch_norm_bound
        for norm in self._norms:
            assert norm.running_var is not None
            assert limit is not None
            factors = norm.weight * (norm.running_var + norm.eps).rsqrt()
            norm.weight.div_((factors.abs().amax() / limit).clamp(min=1))

    def _sizes(self) -> Tensor:
        """‖W‖_p of each weight, in the order of the parameters."""
        if self._settings.p == 2:
            return self._leading.follow(self._settings.power_iterations).norms
        # Sums over every dimension but the one that the norm is a maximum over: input or output channels.
        kept = 1 if self._settings.p == 1 else 0
        sums = [w.abs().sum(dim=[d for d in range(w.ndim) if d != kept]) for w in self._parameters]
        return torch.stack([channels.amax() for channels in sums])


def _norms(model: nn.Module) -> list[_BatchNorm]:
    """The BatchNorm layers that have a scale.

    Raises:
        ValueError: one has no running variance, and so no factor between two batches.
    """
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm) and module.affine]
    if any(norm.running_var is None for norm in norms):
        raise ValueError(
            "batch_norm_bound needs running statistics, got a BatchNorm with track_running_stats=False; "
            "leave it at True, or leave batch_norm_bound out"
        )
    return norms
