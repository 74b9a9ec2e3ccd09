"""Facts about spectral norm scaling and spectral normalization."""

import math

import pytest
import torch
from torch import Tensor, nn

from regularizers import REGULARIZERS
from regularizers.spectrum import spectral_norm
from tests import oracles

SPECTRAL = ["spectral_norm_scaling", "spectral_normalization"]


def with_values(values: list[float], rows: int, columns: int) -> nn.Linear:
    """A layer with the given singular values and random singular vectors."""
    generator = torch.Generator().manual_seed(1)
    U, _ = torch.linalg.qr(torch.randn(rows, len(values), generator=generator, dtype=torch.float64))
    V, _ = torch.linalg.qr(torch.randn(columns, len(values), generator=generator, dtype=torch.float64))
    layer = nn.Linear(columns, rows, bias=False, dtype=torch.float64)
    layer.weight.data = U * torch.tensor(values, dtype=torch.float64) @ V.T
    return layer


def values_of(layer: nn.Module) -> Tensor:
    return oracles.dense_singular_values(layer.weight.detach())


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
    assert regularizer.state_dict() == {}
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
