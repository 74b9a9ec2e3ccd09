"""The step of biases and norms: the gradient at root mean square 1."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def at_unit_rms(vectors: Sequence[Tensor]) -> list[Tensor]:
    """Return g/rms(g) for each vector g, rms(g) = ‖g‖/√m; of a zero vector it is zero.

    A bias is an m × 1 matrix that meets the input 1: √(fan_out/fan_in)·G/‖G‖₂ of it is g·√m/‖g‖, just this.

    Args:
        vectors: of any sizes.

    Example:
        >>> at_unit_rms([torch.tensor([3.0, 4.0, 0.0, 0.0]), torch.zeros(2)])
        [tensor([1.2000, 1.6000, 0.0000, 0.0000]), tensor([0., 0.])]
    """
    tiny = torch.finfo(vectors[0].dtype).tiny
    largest = torch._foreach_clamp_min(torch._foreach_norm(list(vectors), torch.inf), tiny)
    scaled = torch._foreach_div(list(vectors), largest)  # so that no square below can vanish
    norms = torch._foreach_clamp_min(torch._foreach_norm(scaled), 1.0)
    units = torch._foreach_div(scaled, norms)
    return list(torch._foreach_mul(units, [math.sqrt(vector.numel()) for vector in vectors]))
