"""Facts about the stable rank cap."""

import math

import pytest
import torch
from torch import Tensor, nn

from regularizers import REGULARIZERS
from tests import oracles


def stable_rank(weight: Tensor) -> float:
    values = oracles.dense_singular_values(weight)
    return (values.square().sum() / values[0] ** 2).item()


def test_the_stable_rank_cap_keeps_the_leading_value_and_reaches_the_cap() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(30, 20)
    top = oracles.dense_singular_values(layer.weight.detach())[0]
    REGULARIZERS["stable_rank_cap"](fraction=0.2).attach(layer).after_step(0.1)
    assert stable_rank(layer.weight.detach()) == pytest.approx(4.0, rel=1e-3)
    assert oracles.dense_singular_values(layer.weight.detach())[0].item() == pytest.approx(top.item(), rel=1e-3)


def test_the_stable_rank_cap_holds_however_poor_its_estimate_is() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(30, 20)
    regularizer = REGULARIZERS["stable_rank_cap"](fraction=0.2).attach(layer)
    for seed in range(10):  # the estimate was made for another weight
        layer.weight.data = torch.randn(20, 30, generator=torch.Generator().manual_seed(seed))
        regularizer.after_step(0.1)
        assert stable_rank(layer.weight.detach()) <= 4.0 * (1 + 1e-5)


def test_a_cap_of_less_than_one_direction_leaves_one() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(6, 5)
    REGULARIZERS["stable_rank_cap"](fraction=0.1, power_iterations=50).attach(layer).after_step(0.1)
    assert oracles.dense_singular_values(layer.weight.detach())[1] < 1e-5


@pytest.mark.parametrize("fraction", [0.0, 1.5, math.nan], ids=repr)
def test_a_fraction_outside_its_range_is_refused(fraction: float) -> None:
    with pytest.raises(ValueError, match="fraction must be a finite number > 0 and <= 1"):
        REGULARIZERS["stable_rank_cap"](fraction=fraction)
