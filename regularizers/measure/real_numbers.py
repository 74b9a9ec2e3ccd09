"""Which weights hold the real numbers that they stand for."""

from collections.abc import Iterable

import torch

from regularizers.targets import Target

_FEWEST_BYTES = 2


@torch.no_grad()
def check_real_numbers(targets: Iterable[Target]) -> None:
    """Refuse weights whose entries are not the numbers that the network computes with.

    Whole numbers and floats of 8 bits and fewer are codes: what they stand for depends on a scale that is kept
    elsewhere. Complex weights have no real singular vectors.

    Args:
        targets: weights of a model in evaluation mode.

    Raises:
        ValueError: there is one of another dtype than a real floating one of at least 16 bits.
    """
    for target in targets:
        weight = target.weight  # of a reparametrized layer the one it computes with, not what is stored
        if not weight.is_floating_point() or weight.itemsize < _FEWEST_BYTES:
            raise ValueError(
                f"a weight must hold real floating numbers of at least 16 bits, got {weight.dtype} in "
                f"{target.name!r}; dequantize the layer: a copy in float32, times the scale it is kept with"
            )
