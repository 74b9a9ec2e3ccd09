"""Facts about Frobenius norm scaling."""

import pytest
import torch
from torch import nn

from regularizers import REGULARIZERS
from tests.regularizers.layers import values_of, with_values


def size(layer: nn.Linear) -> float:
    return torch.linalg.matrix_norm(layer.weight.detach().double()).item()


def test_the_frobenius_norm_is_constant_over_any_number_of_steps() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(40, 30)
    radius = size(layer)
    regularizer = REGULARIZERS["frobenius_norm_scaling"]().attach(layer)
    for _ in range(200):
        layer.weight.data += 0.1 * torch.randn(30, 40)
        regularizer.after_step(0.1)
        assert size(layer) == pytest.approx(radius, rel=1e-5)


def test_frobenius_scaling_multiplies_all_singular_values_by_one_factor() -> None:
    layer = with_values([3.0, 2.0, 1.0], rows=5, columns=4)
    regularizer = REGULARIZERS["frobenius_norm_scaling"](scale=0.5).attach(layer)
    layer.weight.data *= 7
    regularizer.after_step(0.1)
    assert values_of(layer)[:3].tolist() == pytest.approx([1.5, 1.0, 0.5], rel=1e-12)


def test_the_radius_of_the_first_attachment_is_kept_with_the_state() -> None:
    layer, other = nn.Linear(6, 5), nn.Linear(6, 5)
    radius = size(layer)
    settings = REGULARIZERS["frobenius_norm_scaling"]()
    other.weight.data *= 9
    resumed = settings.attach(other)
    resumed.load_state_dict(settings.attach(layer).state_dict())
    resumed.after_step(0.1)
    assert size(other) == pytest.approx(radius, rel=1e-6)
