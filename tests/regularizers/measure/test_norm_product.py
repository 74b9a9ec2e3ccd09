"""Facts about the product of all layers' norms."""

import math

import pytest
import torch
from torch import nn

from regularizers import lipschitz_log10_bound
from regularizers.measure import measure


def test_the_lipschitz_bound_is_the_sum_of_logarithms_of_the_norms() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[0].weight.data, model[1].weight.data = 10 * torch.eye(2), 0.001 * torch.eye(2)
    assert lipschitz_log10_bound(measure(model, (2,))) == pytest.approx(-2, abs=1e-6)


@pytest.mark.parametrize("value", [0.0, math.nan, math.inf], ids=str)
def test_there_is_no_lipschitz_bound_with_a_layer_that_is_zero_or_not_finite(value: float) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight.data.fill_(value)
    assert lipschitz_log10_bound(measure(model, (2,))) is None
    assert lipschitz_log10_bound({}) is None
