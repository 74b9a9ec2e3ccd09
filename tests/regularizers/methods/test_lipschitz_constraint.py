"""Facts about the Lipschitz constraint."""

import math

import pytest
import torch
from torch import Tensor, nn

from regularizers import REGULARIZERS
from tests import oracles
from tests.regularizers.layers import conv


def operator(layer: nn.Conv2d, size: tuple[int, int]) -> Tensor:
    return oracles.padded_matrix(layer.weight.detach(), size, layer.stride[0], layer.padding[0])


@pytest.mark.parametrize("stride", [1, 2])
def test_a_convolutions_own_spectral_norm_is_held_at_the_image_it_sees_in_training(stride: int) -> None:
    layer = conv(3, 5, 3, padding=1, stride=stride)
    bound = 0.5 * oracles.dense_singular_values(operator(layer, (7, 6)))[0].item()
    regularizer = REGULARIZERS["lipschitz_constraint"](bound=bound).attach(layer)
    layer(torch.zeros(2, 3, 7, 6))
    for _ in range(5):
        regularizer.after_step(0.1)
    assert oracles.dense_singular_values(operator(layer, (7, 6)))[0].item() == pytest.approx(bound, rel=1e-3)


@pytest.mark.parametrize(("p", "order"), [(1, 1), (2, 2), ("inf", math.inf)], ids=str)
def test_a_matrix_ends_at_the_bound_in_each_of_the_norms(p: object, order: float) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(9, 4)
    REGULARIZERS["lipschitz_constraint"](bound=0.2, p=p, power_iterations=20).attach(layer).after_step(0.1)
    assert torch.linalg.matrix_norm(layer.weight.detach(), order).item() == pytest.approx(0.2, rel=1e-4)


@pytest.mark.parametrize(("p", "order"), [(1, 1), ("inf", math.inf)], ids=str)
def test_a_convolutions_sum_norms_are_those_of_its_whole_matrix(p: object, order: float) -> None:
    layer = conv(3, 5, 3, padding=1)
    REGULARIZERS["lipschitz_constraint"](bound=0.2, p=p).attach(layer).after_step(0.1)
    assert torch.linalg.matrix_norm(operator(layer, (6, 6)), order).item() == pytest.approx(0.2, rel=1e-4)


def test_batch_norm_is_clamped_to_its_own_bound_and_only_downwards() -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 3), nn.BatchNorm1d(3))
    net[1].weight.data, net[1].running_var = torch.tensor([4.0, -8.0, 1.0]), torch.tensor([1.0, 4.0, 1.0])
    before = net[3].weight.detach().clone()
    for bound in (None, 2.0):
        settings = REGULARIZERS["lipschitz_constraint"](bound=9.0, batch_norm_bound=bound)
        settings.attach(net).after_step(0.1)
        expected = [4.0, -8.0, 1.0] if bound is None else [2.0, -4.0, 0.5]  # the largest factor was 4
        assert net[1].weight.tolist() == pytest.approx(expected, rel=1e-4)
    assert torch.equal(net[3].weight, before)


def test_a_batch_norm_without_running_statistics_is_refused() -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3, track_running_stats=False))
    with pytest.raises(ValueError, match="batch_norm_bound needs running statistics"):
        REGULARIZERS["lipschitz_constraint"](bound=1.0, batch_norm_bound=1.0).attach(net)


@pytest.mark.parametrize("p", [3, 0, "1", True, math.inf], ids=repr)
def test_a_norm_that_is_not_offered_is_refused(p: object) -> None:
    with pytest.raises(ValueError, match='p must be 1, 2 or "inf", got'):
        REGULARIZERS["lipschitz_constraint"](bound=1.0, p=p)
