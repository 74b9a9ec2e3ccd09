"""Operator norm clipping: the singular values of each whole convolution are clipped by its Fourier transform."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from regularizers.base import Regularizer
from regularizers.checks import check_number
from regularizers.holding.groups import check_convolutions
from regularizers.holding.periodic import Periodic, PeriodicSettings
from regularizers.linalg.caps import hard_cap
from regularizers.linalg.circular import CircularView
from regularizers.targets import Target


@dataclass(frozen=True, kw_only=True)
class ConvOperatorClip(PeriodicSettings):
    """After a step every singular value s of the circular convolution becomes min(s, bound), and the kernel is cropped.

    The circular convolution of an h × w image is block-diagonal in the Fourier basis; each frequency's Co × Ci
    matrix is clipped, transformed back, and of the h × w taps that result the kernel keeps its own kh × kw (Sedghi,
    Gupta and Long 2018, https://arxiv.org/abs/1805.10408). The image is the layer's own, seen at its first forward
    pass in training. The circular convolution with stride 1 is larger than the strided one. A ``Linear`` is its own
    transfer matrix, and is clipped as it is.

    **What is approximate.** The clip is exact, by products (``regularizers.linalg.caps.hard_cap``). **The crop breaks
    the bound**: what is cut off was part of the clipped map. Measured on kernels as PyTorch initializes them (16 × 16
    to 64 × 64 channels and 64 × 3, 3 × 3 taps, images of 4² to 32²): clipped to half its norm, a kernel had 1.17 to
    1.27 of the bound after one clip, at most 1.031 after ten and 1.011 after thirty; clipped to nine tenths, 1.05
    to 1.08 after one. Clip and crop are projections on two convex sets, whose alternation leads to a kernel in
    both. A 1 × 1 kernel, and one not smaller than the image, lose nothing and obey the bound at once.

    A clip costs h·w/2 matrix signs of Co × Ci; ``every`` = 100 is usual, and lets the norm rise in between.

    Attributes:
        bound: the largest singular value, > 0, whatever the layer's shape.

    Example:
        >>> layer = nn.Conv2d(1, 1, (2, 1), bias=False, padding=(1, 0))
        >>> layer.weight.data = Tensor([[[[1.0], [1.0]]]])  # y[i] = x[i] + x[i + 1], with singular values 2 and 0
        >>> regularizer = ConvOperatorClip(bound=1.0).attach(layer)
        >>> _ = layer(Tensor([[[[0.0], [0.0]]]]))
        >>> regularizer.after_step(lr=0.1)
        >>> layer.weight.flatten().detach().round(decimals=4)
        tensor([0.5000, 0.5000])
    """

    bound: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("bound", self.bound, "1.0", above=0)

    def held(self, model: nn.Module) -> list[Target]:
        """The weights of a model that these settings hold.

        Args:
            model: the network.

        Returns:
            At least one target; no convolution is dilated.
        """
        targets = super().held(model)
        check_convolutions(targets, "circular")
        return targets

    def attach(self, model: nn.Module) -> Regularizer:
        """Begin to hold the weights of a model; the weights themselves change first after step ``every``.

        Args:
            model: the network, on its device.

        Returns:
            The regularizer; its state is the count of steps.
        """
        return _ConvOperatorClip(self.held(model), self.every, self.bound)


class _ConvOperatorClip(Periodic):
    def __init__(self, targets: Sequence[Target], every: int, bound: float) -> None:
        super().__init__(targets, every)
        self._bound = bound
        self._views: dict[str, CircularView] = {}
        for target in targets:
            if isinstance(target.module, nn.Conv2d):
                self._watch(target)

    def act(self, lr: float) -> None:
        for target in self.targets:
            weight = target.written
            if not isinstance(target.module, nn.Conv2d):
                weight.copy_(hard_cap(weight, self._bound))
                continue
            if target.name not in self._views:
                raise ValueError(
                    "the circular view of a weight is known after a forward pass in training mode, got none through "
                    f"{target.name!r}; run the model first, or leave the layer out by its role"
                )
            weight.copy_(self._views[target.name].capped(weight, self._bound))

    def _watch(self, target: Target) -> None:
        """See the image's size at the first forward pass in training mode."""

        def see(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            if module.training:
                handle.remove()
                self._views[target.name] = CircularView(target.weight, (inputs[0].shape[-2], inputs[0].shape[-1]))

        handle = target.module.register_forward_pre_hook(see)
