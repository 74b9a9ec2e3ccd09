"""Facts about the norm ball."""

import math

import pytest
import torch
from torch import nn

from regularizers import REGULARIZERS
from tests import oracles


def test_each_role_has_its_own_ball() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 9), nn.Linear(9, 4))
    with torch.no_grad():
        for layer in net:
            layer.weight.mul_(10)
    before = net[1].weight.detach().clone()
    settings = REGULARIZERS["norm_ball"](radius=0.5, head_radius=3.0, power_iterations=30)
    settings.attach(net).after_step(0.1)
    first = torch.linalg.matrix_norm(net[0].weight.detach(), 2).item()
    assert first == pytest.approx(0.5 * math.sqrt(9 / 6), rel=1e-3)
    torch.testing.assert_close(net[1].weight, before.clamp(-3 / 9, 3 / 9), rtol=0, atol=0)


def test_an_average_of_two_points_of_the_ball_is_left_alone_bit_for_bit() -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(8, 8, 1)  # no Linear here is the head
    with torch.no_grad():
        layer.weight.copy_(0.9 * oracles.stiefel(layer.weight, 0.1, bound=1.0))
    regularizer = REGULARIZERS["norm_ball"](radius=1.0).attach(layer)
    for seed in range(20):
        direction = torch.randn(8, 8, 1, 1, generator=torch.Generator().manual_seed(seed))
        layer.weight.data = 0.9 * layer.weight.data + 0.0999 * oracles.stiefel(direction, 0.1, bound=1.0).float()
        before = layer.weight.detach().clone()
        regularizer.after_step(0.1)
        assert torch.equal(layer.weight, before)
