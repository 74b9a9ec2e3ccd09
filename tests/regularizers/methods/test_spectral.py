"""Facts about spectral norm scaling and spectral normalization."""

import itertools
import math

import pytest
import torch
from torch import nn

from regularizers import REGULARIZERS, name_of
from regularizers.spectrum import spectral_norm
from tests import oracles
from tests.regularizers.layers import values_of, with_values

SPECTRAL = ["spectral_norm_scaling", "spectral_normalization"]


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
    for held, one in ((layer, regularizer), (other, resumed)):
        held.weight.data *= 5
        one.after_step(0.1)
    assert values_of(layer)[:3].tolist() == pytest.approx([5.0, 3.0, 2.5], rel=1e-6)  # σ₂ was raised above σ*
    assert values_of(other)[:2].tolist() == pytest.approx([5.0, 3.0], rel=1e-6)


def test_the_hammer_is_spectral_norm_scaling_by_another_name() -> None:
    assert REGULARIZERS["spectral_hammer"] is REGULARIZERS["spectral_norm_scaling"]
    assert name_of(REGULARIZERS["spectral_hammer"]()) == "spectral_norm_scaling"


@pytest.mark.parametrize("name", ["spectral_norm_scaling", "spectral_weight_decay"])
def test_a_rank_one_update_is_refused_in_a_view_of_images(name: str) -> None:
    own = {"strength": 0.1} if name == "spectral_weight_decay" else {}
    with pytest.raises(ValueError, match="view must be \"flat\" where a rank-one matrix is added, got 'circular'"):
        REGULARIZERS[name](view="circular", **own)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [("target", "inital", "did you mean 'initial'"), ("every", 0, "every must be a whole number >= 1, got 0")],
)
def test_targets_and_periods_that_do_not_exist_are_refused(field: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        REGULARIZERS["spectral_norm_scaling"](**{field: value})


def test_a_learned_gain_begins_at_one_and_multiplies_the_target() -> None:
    layer = with_values([3.0, 1.0], rows=5, columns=5)
    REGULARIZERS["spectral_normalization"](scale=2.0, gain="learned").attach(layer)
    gain = layer.parametrizations["weight"][0].gain
    torch.testing.assert_close(layer.weight, layer.parametrizations["weight"].original * (2.0 / 3.0))
    assert values_of(layer)[0].item() == pytest.approx(2.0, rel=1e-6)
    (gradient,) = torch.autograd.grad(layer.weight.sum(), gain)
    assert gradient.item() == pytest.approx(layer.weight.sum().item(), rel=1e-12)  # at gain 1 they are one
    gain.data.fill_(1.5)
    assert values_of(layer)[0].item() == pytest.approx(3.0, rel=1e-6)
    assert "parametrizations.weight.0.gain" in layer.state_dict()


def test_a_fixed_gain_adds_no_parameter() -> None:
    layer = nn.Linear(5, 5)
    REGULARIZERS["spectral_normalization"]().attach(layer)
    assert len(list(layer.parameters())) == 2
    with pytest.raises(ValueError, match="gain must be one of fixed, learned; got 'learnt'"):
        REGULARIZERS["spectral_normalization"](gain="learnt")


def test_tied_singular_values_at_the_target_stay() -> None:
    layer = with_values([1.0] * 6, rows=6, columns=6)
    before = layer.weight.detach().clone()
    REGULARIZERS["spectral_norm_scaling"](scale=1.0).attach(layer).after_step(0.1)
    torch.testing.assert_close(layer.weight.detach(), before, rtol=0, atol=1e-12)


def test_scaling_stacked_small_layers_equals_scaling_each_alone() -> None:
    torch.manual_seed(0)
    stacked = nn.Sequential(*[nn.Linear(6, 6, bias=False) for _ in range(3)])
    alone = [nn.Sequential(nn.Linear(6, 6, bias=False)) for _ in range(3)]
    for one, layer in zip(alone, stacked, strict=True):
        one[0].load_state_dict(layer.state_dict())
    settings = REGULARIZERS["spectral_norm_scaling"](scale=2.0)
    for model in (stacked, *alone):
        regularizer = settings.attach(model)
        for _ in range(3):
            regularizer.after_step(0.1)
    for one, layer in zip(alone, stacked, strict=True):
        torch.testing.assert_close(layer.weight, one[0].weight)


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


def test_normalization_gives_the_target_norm_at_once_and_keeps_the_trained_parameter() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(300, 200)
    trained, before = layer.weight, layer.weight.detach().clone()
    REGULARIZERS["spectral_normalization"](scale=2.0).attach(layer)
    assert values_of(layer)[0].item() == pytest.approx(2.0 * math.sqrt(200 / 300), rel=1e-5)
    assert torch.equal(trained, before)
    assert any(parameter is trained for parameter in layer.parameters())


def test_normalization_is_torchs_own_up_to_the_target() -> None:
    torch.manual_seed(0)
    ours, theirs = nn.Linear(9, 9, bias=False), nn.Linear(9, 9, bias=False)
    theirs.load_state_dict(ours.state_dict())
    REGULARIZERS["spectral_normalization"](scale=1.0).attach(ours)
    nn.utils.parametrizations.spectral_norm(theirs, n_power_iterations=200)
    torch.testing.assert_close(ours.weight, theirs.weight, rtol=1e-4, atol=1e-6)
    for layer in (ours, theirs):
        layer(torch.linspace(-1, 1, 9)).square().sum().backward()
    gradients = [layer.parametrizations["weight"].original.grad for layer in (ours, theirs)]
    torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-5)


def test_the_gradient_through_normalization_is_that_of_the_exact_norm() -> None:
    layer = with_values([3.0, 1.0, 0.5], rows=5, columns=4)
    regularizer = REGULARIZERS["spectral_normalization"](scale=1.0, power_iterations=50).attach(layer)
    regularizer.after_step(0.1)
    x = torch.linspace(-1, 1, 4, dtype=torch.float64)
    V = regularizer.targets[0].parameter
    (gradient,) = torch.autograd.grad(layer(x).pow(3).sum(), V)
    exact = V.detach().clone().requires_grad_()
    norm = oracles.fan_ratio_norm(exact, 1.0) / torch.linalg.matrix_norm(exact, 2)
    (expected,) = torch.autograd.grad((exact * norm @ x).pow(3).sum(), exact)
    torch.testing.assert_close(gradient, expected, rtol=1e-8, atol=1e-10)


def test_reading_a_normalized_weight_changes_nothing() -> None:
    layer = nn.Linear(5, 4).train()
    REGULARIZERS["spectral_normalization"]().attach(layer)
    before = {name: tensor.clone() for name, tensor in layer.state_dict().items()}
    first = layer.weight.detach()
    assert all(torch.equal(layer.weight, first) for _ in range(3))
    assert all(torch.equal(tensor, before[name]) for name, tensor in layer.state_dict().items())


def test_a_normalized_zero_weight_stays_zero_and_has_a_finite_gradient() -> None:
    layer = nn.Linear(5, 4, bias=False)
    nn.init.zeros_(layer.weight)
    regularizer = REGULARIZERS["spectral_normalization"]().attach(layer)
    layer(torch.ones(5)).sum().backward()
    assert layer.weight.count_nonzero() == 0
    assert regularizer.targets[0].parameter.grad.isfinite().all()


def test_normalization_keeps_its_vectors_in_the_models_state() -> None:
    layer = nn.Linear(5, 4)
    regularizer = REGULARIZERS["spectral_normalization"]().attach(layer)
    assert regularizer.state_dict().keys() == {".block"}
    assert {"parametrizations.weight.0.u", "parametrizations.weight.0.v"} <= layer.state_dict().keys()


@pytest.mark.parametrize("name", SPECTRAL)
def test_attaching_twice_from_the_same_weights_gives_the_same_bits(name: str) -> None:
    results = []
    for seed in (0, 1):
        torch.manual_seed(5)
        layer = nn.Linear(12, 9)
        torch.manual_seed(seed)
        regularizer = REGULARIZERS[name]().attach(layer)
        regularizer.after_step(0.1)
        results.append(layer.weight.detach())
    assert torch.equal(*results)


@pytest.mark.parametrize("name", SPECTRAL)
@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf"), "1"], ids=repr)
def test_a_scale_that_is_no_number_above_zero_is_refused(name: str, scale: object) -> None:
    with pytest.raises(ValueError, match=r"scale must be a finite number > 0, got .*; choose e.g. 1.0"):
        REGULARIZERS[name](scale=scale)


@pytest.mark.parametrize("name", SPECTRAL)
@pytest.mark.parametrize("iterations", [0, 1.5, True], ids=repr)
def test_power_iterations_are_a_whole_number_of_at_least_one(name: str, iterations: object) -> None:
    with pytest.raises(ValueError, match="power_iterations must be a whole number >= 1, got"):
        REGULARIZERS[name](power_iterations=iterations)
