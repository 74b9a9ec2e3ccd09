"""Facts about spectral projection."""

import pytest
import torch
from torch import nn

from regularizers import REGULARIZERS
from regularizers.spectrum import spectral_norm
from tests.regularizers.layers import IMAGE, convolution, norm_in_view, shown, values_of, with_values

VIEWS = ["flat", "circular", "padded"]


def test_a_norm_above_the_bound_comes_down_to_it_and_all_singular_values_with_it() -> None:
    layer = with_values([6.0, 3.0, 1.5], rows=5, columns=4)
    REGULARIZERS["spectral_projection"](bound=2.0).attach(layer).after_step(0.1)
    assert values_of(layer)[:3].tolist() == pytest.approx([2.0, 1.0, 0.5], rel=1e-7)


def test_below_the_bound_not_a_bit_changes_and_torchs_normalization_scales_up() -> None:
    layer = with_values([1.9, 0.3], rows=5, columns=4)
    before = layer.weight.detach().clone()
    regularizer = REGULARIZERS["spectral_projection"](bound=2.0).attach(layer)
    for _ in range(5):
        regularizer.after_step(0.1)
    assert torch.equal(layer.weight, before)
    small = with_values([0.01, 0.003], rows=5, columns=4)
    nn.utils.parametrizations.spectral_norm(small, n_power_iterations=50)
    assert values_of(small)[0].item() == pytest.approx(1.0, rel=1e-2)


def test_the_bound_holds_after_every_step_with_one_warm_iteration() -> None:
    generator = torch.Generator().manual_seed(0)
    layer = nn.Linear(60, 40, bias=False)
    drift = torch.outer(torch.linspace(-1, 1, 40), torch.ones(60))
    regularizer = REGULARIZERS["spectral_projection"](bound=2.0).attach(layer)
    top = []
    for _ in range(150):
        change = torch.randn(40, 60, generator=generator) + drift
        layer.weight.data += 0.02 * change / spectral_norm(change)  # each update is 1 % of the bound
        regularizer.after_step(0.1)
        top.append(values_of(layer)[0].item())
    assert max(top) <= 2.0 * (1 + 1e-3)
    assert top[-1] == pytest.approx(2.0, rel=1e-3)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("view", VIEWS)
def test_a_convolution_is_held_in_the_view_asked_for(view: str, stride: int) -> None:
    layer = convolution(stride)
    layer.weight.data *= 5
    regularizer = REGULARIZERS["spectral_projection"](bound=0.7, view=view, power_iterations=200).attach(layer)
    shown(layer)
    regularizer.after_step(0.1)
    assert norm_in_view(layer, view, IMAGE) == pytest.approx(0.7, rel=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 4)], ids=str)
def test_a_kernel_larger_than_the_image_is_held_in_the_circular_view(size: tuple[int, int]) -> None:
    layer = convolution(kernel=5)
    layer.weight.data *= 5
    settings = REGULARIZERS["spectral_projection"](bound=0.7, view="circular", power_iterations=200)
    regularizer = settings.attach(layer)
    shown(layer, size)
    regularizer.after_step(0.1)
    assert norm_in_view(layer, "circular", size) == pytest.approx(0.7, rel=1e-5)


@pytest.mark.parametrize("view", VIEWS)
def test_a_kernel_in_another_memory_layout_is_held_as_well(view: str) -> None:
    kernels = []
    for layout in (torch.contiguous_format, torch.channels_last):
        torch.manual_seed(0)
        layer = nn.Conv2d(3, 8, 3, padding=1).to(memory_format=layout)
        regularizer = REGULARIZERS["spectral_projection"](bound=0.3, view=view).attach(layer)
        layer.train()(torch.zeros(1, 3, 6, 6))
        regularizer.after_step(0.1)
        kernels.append(layer.weight.detach())
    torch.testing.assert_close(*kernels)
