"""Who finds singular values: this project, the loops that people write, and a decomposition in float64."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from regularizers import Target, select, spectrum
from regularizers.measure import measure, undisturbed
from regularizers.measure.input_sizes import input_sizes

INPUT_SHAPE, CLASSES = (3, 32, 32), 100  # CIFAR-100's
MEASURE = "measure"
"""The reference, of which the others' ratios are."""
EXACT = "float64"

Values = dict[str, Tensor]
"""All singular values, descending, by weight."""


def contenders(model: nn.Module, view: str) -> Mapping[str, Callable[[], Values]]:
    """Return what finds all singular values of a view, by name.

    Args:
        model: the network.
        view: ``"flat"``, every weight as its matrix; ``"circular"``, every convolution of an image that wraps around.
    """

    def measured() -> Values:
        return {name: found.singular_values for name, found in measure(model, INPUT_SHAPE, view=view).items()}

    return {MEASURE: measured, **(_flat(select(model)) if view == "flat" else _circular(model))}


def _flat(targets: list[Target]) -> Mapping[str, Callable[[], Values]]:
    return {
        "svdvals": lambda: {target.name: torch.linalg.svdvals(target.matrix) for target in targets},
        EXACT: lambda: {target.name: torch.linalg.svdvals(target.matrix.double()) for target in targets},
    }


def _circular(model: nn.Module) -> Mapping[str, Callable[[], Values]]:
    convolutions = [target for target in select(model) if isinstance(target.module, nn.Conv2d)]
    with undisturbed(model), torch.no_grad():
        sizes = input_sizes(model, convolutions, INPUT_SHAPE)
    return {
        "rfft2 and svdvals": lambda: {
            target.name: _transformed(target.weight, sizes[target.name]) for target in convolutions
        },
        EXACT: lambda: {
            target.name: spectrum.singular_values(target.weight.double(), "circular", sizes[target.name])
            for target in convolutions
        },
    }


def _transformed(kernel: Tensor, size: tuple[int, int]) -> Tensor:
    """The values at half the frequencies of a kernel no larger than the image, those of the other half the same."""
    values = torch.linalg.svdvals(torch.fft.rfft2(kernel, s=size).permute(2, 3, 0, 1))
    mirrored = values[:, 1 : (size[1] + 1) // 2]
    return torch.cat([values, mirrored], dim=1).flatten().sort(descending=True).values
