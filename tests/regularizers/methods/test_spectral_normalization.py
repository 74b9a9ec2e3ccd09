"""Facts about spectral normalization."""

import math

import pytest
import torch
from torch import nn

from regularizers import REGULARIZERS
from tests import oracles
from tests.regularizers.layers import values_of, with_values


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
