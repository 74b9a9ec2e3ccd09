"""Facts about the spectral norm penalty."""

import copy

import pytest
import torch
from torch import nn

from regularizers import REGULARIZERS
from tests.regularizers.layers import IMAGE, convolution, norm_in_view, shown, with_values

VIEWS = ["flat", "circular", "padded"]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("threshold", [None, 0.2])
def test_the_penalty_and_its_gradient_are_those_of_the_exact_norm(view: str, threshold: float | None) -> None:
    layer = convolution()
    settings = REGULARIZERS["spectral_norm_penalty"](strength=0.3, threshold=threshold, view=view, power_iterations=300)
    regularizer = settings.attach(layer)
    shown(layer)
    regularizer.after_step(0.1)
    norm = norm_in_view(layer, view, IMAGE)
    expected = 0.15 * norm**2 if threshold is None else 0.3 * (norm - threshold)
    penalty = regularizer.penalty()
    assert penalty.item() == pytest.approx(expected, rel=1e-6)
    (gradient,) = torch.autograd.grad(penalty, layer.weight)
    step = 1e-6 * torch.randn(layer.weight.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    ends = []
    for sign in (1, -1):
        moved = copy.deepcopy(layer)
        moved.weight.data += sign * step
        end = norm_in_view(moved, view, IMAGE)
        ends.append(0.15 * end**2 if threshold is None else 0.3 * (end - threshold))
    assert (gradient * step).sum().item() == pytest.approx((ends[0] - ends[1]) / 2, rel=1e-4)


def test_below_the_threshold_there_is_neither_penalty_nor_gradient() -> None:
    layer = with_values([0.9, 0.5], rows=5, columns=4)
    penalty = REGULARIZERS["spectral_norm_penalty"](strength=0.3, threshold=1.0).attach(layer).penalty()
    (gradient,) = torch.autograd.grad(penalty, layer.weight)
    assert penalty.item() == 0
    assert gradient.count_nonzero() == 0


def test_asking_for_the_penalty_twice_gives_the_same_bits() -> None:
    layer = nn.Linear(9, 8)
    regularizer = REGULARIZERS["spectral_norm_penalty"](strength=0.3).attach(layer)
    layer.weight.data += 0.1
    assert torch.equal(regularizer.penalty(), regularizer.penalty())
