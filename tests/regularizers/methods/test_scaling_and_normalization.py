"""Facts about Frobenius norm scaling, weight normalization, and the count of steps between projections."""

import math

import pytest
import torch
from torch import nn

from regularizers import REGULARIZERS
from tests.regularizers.layers import values_of, with_values

PROJECTIONS = {
    "frobenius_norm_scaling": {},
    "spectral_norm_scaling": {},
    "spectral_projection": {"bound": 0.5},
}


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


@pytest.mark.parametrize("name", PROJECTIONS)
def test_a_projection_acts_after_every_so_many_steps_and_not_between(name: str) -> None:
    layer = with_values([2.0, 0.1], rows=4, columns=4)
    regularizer = REGULARIZERS[name](every=3, **PROJECTIONS[name]).attach(layer)
    changed = []
    for _ in range(7):
        layer.weight.data *= 2
        before = layer.weight.detach().clone()
        regularizer.after_step(0.1)
        changed.append(not torch.equal(layer.weight, before))
    assert changed == [False, False, True, False, False, True, False]


@pytest.mark.parametrize("name", PROJECTIONS)
def test_a_continued_training_projects_when_the_uninterrupted_one_does(name: str) -> None:
    layer = with_values([2.0, 0.1], rows=4, columns=4)
    settings = REGULARIZERS[name](every=3, **PROJECTIONS[name])
    regularizer = settings.attach(layer)
    for _ in range(2):
        regularizer.after_step(0.1)
    state = regularizer.state_dict()
    assert (state["steps"].dtype, state["steps"].device.type) == (torch.int64, "cpu")
    assert state["steps"].item() == 2
    resumed = settings.attach(layer)
    resumed.load_state_dict(state)
    layer.weight.data *= 2
    before = layer.weight.detach().clone()
    resumed.after_step(0.1)
    assert not torch.equal(layer.weight, before)


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


@pytest.mark.parametrize("scale", [0.0, -1.0, math.nan, "1"], ids=repr)
def test_a_radius_that_is_no_number_above_zero_is_refused(scale: object) -> None:
    with pytest.raises(ValueError, match="scale must be a finite number > 0, got"):
        REGULARIZERS["frobenius_norm_scaling"](scale=scale)
