"""Facts about spectral norm scaling."""

import itertools
import math

import pytest
import torch
from torch import nn

from regularizers import REGULARIZERS, name_of
from regularizers.spectrum import spectral_norm
from tests import oracles
from tests.regularizers.layers import values_of, with_values


@pytest.mark.parametrize("top", [5.0, 1.5], ids=["lowered", "raised"])
def test_scaling_sets_the_first_singular_value_and_leaves_the_others(top: float) -> None:
    layer = with_values([top, 0.9, 0.5, 0.1], rows=8, columns=2 * 8)
    target = 4.0 * math.sqrt(8 / 16)
    REGULARIZERS["spectral_norm_scaling"](scale=4.0).attach(layer).after_step(0.1)
    expected = torch.tensor([target, 0.9, 0.5, 0.1] + [0.0] * 4, dtype=torch.float64)
    torch.testing.assert_close(values_of(layer), expected, rtol=1e-7, atol=1e-7)


def test_the_norm_after_scaling_is_the_second_value_where_that_lies_above_the_target() -> None:
    layer = with_values([5.0, 3.0, 0.5], rows=6, columns=6)
    REGULARIZERS["spectral_norm_scaling"](scale=1.0).attach(layer).after_step(0.1)
    torch.testing.assert_close(values_of(layer)[:3], torch.tensor([3.0, 1.0, 0.5], dtype=torch.float64))


def mlp(*sizes: int) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(*[nn.Linear(n, m, bias=False) for n, m in itertools.pairwise(sizes)])


def test_a_shared_target_is_that_of_the_first_layer_for_every_layer() -> None:
    model = mlp(3072, 2000, 200, 100)  # the MLP of 2023, its middle narrowed
    settings = REGULARIZERS["spectral_norm_scaling"](target="shared", power_iterations=30)
    for layer in model[1:]:
        nn.init.orthogonal_(layer.weight, gain=0.5)
        layer.weight.data[0] *= 4
    settings.attach(model).after_step(0.1)
    assert [round(spectral_norm(layer.weight.detach()), 4) for layer in model[1:]] == [0.8069, 0.8069]


@pytest.mark.parametrize(
    ("first", "published"),
    [(nn.Conv2d(3, 64, 3, padding=1), 4.6188), (nn.Conv2d(3, 64, 7, stride=2, padding=3), 2.3094)],
    ids=["CIFAR", "strided"],
)
def test_a_shared_target_counts_the_first_convolutions_feature_maps(first: nn.Conv2d, published: float) -> None:
    model = nn.Sequential(first, nn.Flatten(), nn.Linear(8, 4))
    settings = REGULARIZERS["spectral_norm_scaling"](target="shared", where=["head"], power_iterations=50)
    settings.attach(model).after_step(0.1)
    assert spectral_norm(model[2].weight.detach()) == pytest.approx(published, rel=1e-4)


def test_an_initial_target_returns_the_norm_to_where_it_was_and_is_kept_with_the_state() -> None:
    layer, other = with_values([2.0, 1.0, 0.5], rows=6, columns=5), with_values([7.0, 1.0], rows=6, columns=5)
    settings = REGULARIZERS["spectral_norm_scaling"](target="initial", scale=1.5, power_iterations=50)
    regularizer, resumed = settings.attach(layer), settings.attach(other)
    resumed.load_state_dict(regularizer.state_dict())
    for held, holding in ((layer, regularizer), (other, resumed)):
        held.weight.data *= 5
        holding.after_step(0.1)
    assert values_of(layer)[:3].tolist() == pytest.approx([5.0, 3.0, 2.5], rel=1e-6)  # σ₂ was raised above σ*
    assert values_of(other)[:2].tolist() == pytest.approx([5.0, 3.0], rel=1e-6)


def test_the_hammer_is_spectral_norm_scaling_by_another_name() -> None:
    assert REGULARIZERS["spectral_hammer"] is REGULARIZERS["spectral_norm_scaling"]
    assert name_of(REGULARIZERS["spectral_hammer"]()) == "spectral_norm_scaling"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [("target", "inital", "did you mean 'initial'"), ("every", 0, "every must be a whole number >= 1, got 0")],
)
def test_targets_and_periods_that_do_not_exist_are_refused(field: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        REGULARIZERS["spectral_norm_scaling"](**{field: value})


def test_tied_singular_values_at_the_target_stay() -> None:
    layer = with_values([1.0] * 6, rows=6, columns=6)
    before = layer.weight.detach().clone()
    REGULARIZERS["spectral_norm_scaling"](scale=1.0).attach(layer).after_step(0.1)
    torch.testing.assert_close(layer.weight.detach(), before, rtol=0, atol=1e-12)


def test_scaling_stacked_small_layers_equals_scaling_each_alone() -> None:
    torch.manual_seed(0)
    stacked = nn.Sequential(*[nn.Linear(6, 6, bias=False) for _ in range(3)])
    alone = [nn.Sequential(nn.Linear(6, 6, bias=False)) for _ in range(3)]
    for twin, layer in zip(alone, stacked, strict=True):
        twin[0].load_state_dict(layer.state_dict())
    settings = REGULARIZERS["spectral_norm_scaling"](scale=2.0)
    for model in (stacked, *alone):
        regularizer = settings.attach(model)
        for _ in range(3):
            regularizer.after_step(0.1)
    for twin, layer in zip(alone, stacked, strict=True):
        torch.testing.assert_close(layer.weight, twin[0].weight)


def test_one_warm_iteration_a_step_follows_a_slowly_changing_weight() -> None:
    generator = torch.Generator().manual_seed(0)
    layer = nn.Linear(60, 40, bias=False)
    regularizer = REGULARIZERS["spectral_norm_scaling"](scale=3.0).attach(layer)
    target = oracles.fan_ratio_norm(layer.weight, 3.0)
    for _ in range(50):
        change = torch.randn(40, 60, generator=generator)
        layer.weight.data += 0.01 * target * change / spectral_norm(change)
        regularizer.after_step(0.1)
        assert values_of(layer)[0].item() == pytest.approx(target, rel=1e-4)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=["rows", "channels last"])
def test_a_kernel_is_held_in_its_flat_view_in_any_memory_layout(layout: torch.memory_format) -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(3, 8, 3).to(memory_format=layout)
    expected = oracles.top_scaled(layer.weight.detach(), 0.1, scale=4.0)
    REGULARIZERS["spectral_norm_scaling"](scale=4.0).attach(layer).after_step(0.1)
    torch.testing.assert_close(layer.weight.detach().double(), expected, rtol=1e-5, atol=1e-6)
