"""Facts about weight normalization."""

import pytest
import torch
from torch import nn

from regularizers import REGULARIZERS


@pytest.mark.parametrize("make", [lambda: nn.Linear(6, 4), lambda: nn.Conv2d(3, 4, 3)], ids=["linear", "conv"])
def test_weight_normalization_is_torchs_own(make) -> None:
    torch.manual_seed(0)
    ours, theirs = make().double(), make().double()
    theirs.load_state_dict(ours.state_dict())
    original = ours.weight
    REGULARIZERS["weight_normalization"]().attach(ours)
    nn.utils.parametrizations.weight_norm(theirs)
    torch.testing.assert_close(ours.weight, original)
    for layer in (ours, theirs):
        layer.weight.sin().sum().backward()
    g, v = (theirs.parametrizations["weight"].original0, theirs.parametrizations["weight"].original1)
    torch.testing.assert_close(ours.parametrizations["weight"][0].g.grad, g.grad.flatten())
    torch.testing.assert_close(ours.parametrizations["weight"].original.grad, v.grad)


def test_the_gradient_of_a_direction_is_orthogonal_to_it() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(6, 4).double()
    regularizer = REGULARIZERS["weight_normalization"]().attach(layer)
    trained = regularizer.targets[0].parameter
    (gradient,) = torch.autograd.grad(layer.weight.sin().sum(), trained)
    assert (gradient * trained).sum(1).abs().max() < 1e-14
    assert gradient.abs().max() > 1e-3


def test_a_zero_row_stays_zero_and_has_finite_gradients() -> None:
    layer = nn.Linear(6, 4)
    layer.weight.data[1] = 0
    REGULARIZERS["weight_normalization"]().attach(layer)
    layer(torch.ones(6)).square().sum().backward()
    assert layer.weight[1].count_nonzero() == 0
    assert all(parameter.grad.isfinite().all() for parameter in layer.parameters())
