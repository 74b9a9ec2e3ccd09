"""Facts about convolutions that wrap around, by frequency."""

import pytest
import torch

from regularizers.linalg.circular import CircularView
from regularizers.spectrum import spectral_norm
from tests.regularizers.layers import conv

SIZES = [(6, 6), (5, 8), (3, 3), (2, 2), (1, 1)]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_circular_view_has_the_kernels_singular_values_and_gives_the_kernel_back(size: tuple[int, int]) -> None:
    kernel = conv(4, 5, 3).weight.detach().double()
    view = CircularView(kernel, size)
    values = torch.linalg.svdvals(view.matrices(kernel))
    assert values.max().item() == pytest.approx(spectral_norm(kernel, "circular", size), rel=1e-12)
    back = view.kernel(view.matrices(kernel))
    torch.testing.assert_close(view.matrices(back), view.matrices(kernel), rtol=0, atol=1e-12)
    if min(size) >= 3:
        torch.testing.assert_close(back, kernel, rtol=0, atol=1e-12)
