"""The norm of a convolution as the network computes it, with stride and zero padding."""

import math

from torch import Tensor

from regularizers.linalg.decomposition import in_unit
from regularizers.linalg.lanczos import largest_eigenvalue, start_vector
from regularizers.linalg.linear_map import padded_products

NORM_ERROR = 1e-4
"""How far below the norm a value found to ``lanczos.TOLERANCE`` is at most, relatively: twenty times what was seen of
four hundred convolutions, constant, smooth and random ones (``tests/regularizers/linalg/test_lanczos.py``)."""


def padded_norm(
    kernel: Tensor, input_size: tuple[int, int], stride: int | tuple[int, int], padding: int | tuple[int, int]
) -> tuple[float, str]:
    """The largest singular value of a convolution with its stride and its zero padding, in the kernel's precision.

    Args:
        kernel: (Co, Ci, kh, kw), float32 or float64.
        input_size: (h, w).
        stride: steps in rows and columns.
        padding: zeros on each side in rows and columns.

    Returns:
        σ₁, below the true one by ``NORM_ERROR`` at most, NaN where the kernel is not finite; and the routine, as
        ``largest_eigenvalue`` has it.

    Raises:
        ValueError: the kernel is larger than the padded image.

    Example:
        >>> import torch
        >>> round(padded_norm(torch.ones(1, 1, 3, 3) / 9, (64, 64), 1, 1)[0], 5)  # ((1 + 2 cos π/65) / 3)²
        0.99844
    """
    unit, size = in_unit(kernel)
    forward, adjoint = padded_products(unit, input_size, stride, padding)
    start = start_vector(kernel.shape[1] * input_size[0] * input_size[1], unit)
    eigenvalue, routine = largest_eigenvalue(lambda x: adjoint(forward(x)), start)
    return math.sqrt(eigenvalue) * size, routine
