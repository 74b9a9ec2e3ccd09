"""Facts about operator norm clipping."""

import pytest
import torch

from regularizers import REGULARIZERS
from regularizers.spectrum import singular_values, spectral_norm
from tests.regularizers.layers import conv

SIZES = [(6, 6), (5, 8), (3, 3), (2, 2), (1, 1)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("taps", [1, 3])
def test_without_a_crop_the_operator_clip_is_exact(size: tuple[int, int], taps: int) -> None:
    if taps == 3 and max(size) > 3:
        return
    layer = conv(4, 5, taps, padding=taps // 2)
    expected = singular_values(layer.weight.detach().double(), "circular", size)
    bound = 0.5 * expected[0].item()
    regularizer = REGULARIZERS["conv_operator_clip"](bound=bound).attach(layer)
    layer(torch.zeros(1, 4, *size))
    regularizer.after_step(0.1)
    values = singular_values(layer.weight.detach().double(), "circular", size)
    torch.testing.assert_close(values, expected.clamp(max=bound), rtol=0, atol=2e-4 * bound)


def test_the_crop_breaks_the_bound_by_the_stated_share_which_shrinks_with_repetition() -> None:
    layer = conv(16, 32, 3, padding=1)
    bound = 0.5 * spectral_norm(layer.weight.detach(), "circular", (8, 8))
    regularizer = REGULARIZERS["conv_operator_clip"](bound=bound).attach(layer)
    layer(torch.zeros(1, 16, 8, 8))
    norms = []
    for _ in range(30):
        regularizer.after_step(0.1)
        norms.append(spectral_norm(layer.weight.detach(), "circular", (8, 8)) / bound)
    assert 1.1 < norms[0] < 1.3
    assert norms[9] < 1.04
    assert norms[29] < 1.012


def test_a_convolution_within_the_bound_keeps_its_bits() -> None:
    layer = conv(4, 5, 3, padding=1)
    before = layer.weight.detach().clone()
    regularizer = REGULARIZERS["conv_operator_clip"](bound=50.0).attach(layer)
    layer(torch.zeros(1, 4, 8, 8))
    regularizer.after_step(0.1)
    assert torch.equal(layer.weight, before)


def test_an_operator_clip_before_any_image_is_refused_and_an_evaluation_is_no_image() -> None:
    layer = conv(4, 5, 3)
    regularizer = REGULARIZERS["conv_operator_clip"]().attach(layer)
    layer.eval()(torch.zeros(1, 4, 8, 8))
    with pytest.raises(ValueError, match="known after a forward pass in training mode"):
        regularizer.after_step(0.1)


def test_a_dilated_convolution_has_no_circular_view_here() -> None:
    with pytest.raises(ValueError, match="needs dilation 1"):
        REGULARIZERS["conv_operator_clip"]().attach(conv(2, 2, 3, dilation=2))
