import numpy as np
import pytest
import torch
from torch import nn

from analysis.spectra import spectra
from analysis.spectra.checkpoint_weights import choose
from analysis.spectra.state import State

UNKNOWN = "Nothing tells the outputs from the inputs, so they are taken as in Linear and Conv, first"


@pytest.fixture
def measure(tmp_path):
    """Write a state dict and measure it: its layers by name, and what is said."""

    def call(tensors):
        torch.save(tensors, tmp_path / "weights.pt")
        measured = spectra(str(tmp_path / "weights.pt"))
        return {layer.name: layer for layer in measured.layers}, measured.remarks

    return call


def largest(matrix):
    return float(np.linalg.svd(np.asarray(matrix, dtype=float), compute_uv=False)[0])


def test_the_bias_of_gpt2s_conv1d_tells_its_fans(measure):
    weight = torch.randn(12, 48, generator=torch.Generator().manual_seed(0))
    layers, remarks = measure({"c_fc.weight": weight, "c_fc.bias": torch.zeros(48)})
    spectrum = layers["c_fc"].spectrum
    assert (spectrum.fan_out, spectrum.fan_in, layers["c_fc"].shape) == (48, 12, (12, 48))
    assert spectrum.rms_norm == pytest.approx(largest(weight) * np.sqrt(12 / 48), rel=1e-6)
    assert remarks == ("The outputs are dimension 2, as the bias tells: c_fc.weight.",)


@pytest.mark.parametrize("kind", [nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d])
def test_the_bias_of_a_transposed_convolution_tells_its_flat_matrix(measure, kind):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = kind(6, 4, 3)
    layers, remarks = measure({f"up.{name}": tensor for name, tensor in module.state_dict().items()})
    matrix = np.moveaxis(module.weight.detach().numpy(), 1, 0).reshape(4, -1)
    spectrum = layers["up"].spectrum
    assert (spectrum.fan_out, spectrum.fan_in) == matrix.shape
    assert spectrum.spectral_norm == pytest.approx(largest(matrix), rel=1e-6)
    assert remarks == (
        "The outputs are dimension 2, as the bias tells: up.weight.",
        "No alpha, D, alpha_weighted and log_alpha_norm, because there are fewer than 8 values: up.",
    )


def test_a_transposed_convolution_in_groups_is_known_by_its_bias_and_said():
    module = nn.ConvTranspose2d(8, 6, 3, groups=2)
    weights = choose(State(tensors=module.state_dict()))
    assert weights.tensors["weight"].shape == (3, 8, 3, 3)
    assert weights.remarks == (
        "The outputs are dimension 2, as the bias tells: weight.",
        "In groups, as the length of the bias tells, so the map is block-diagonal and not this matrix: weight.",
    )


def test_the_norm_after_it_tells_where_a_convolution_has_no_bias():
    model = nn.Sequential(
        nn.ConvTranspose2d(7, 5, 4, bias=False),
        nn.BatchNorm2d(5),
        nn.ReLU(),
        nn.Conv2d(5, 3, 3, bias=False),
        nn.BatchNorm2d(3),
    )
    weights = choose(State(tensors=model.state_dict()))
    assert weights.tensors["0.weight"].shape == (5, 7, 4, 4)
    assert weights.tensors["3.weight"].shape == (3, 5, 3, 3)
    assert weights.remarks == ("The outputs are dimension 2, as the norm after it tells: 0.weight.",)


@pytest.mark.parametrize(
    "module",
    [nn.Linear(3, 4, bias=False), nn.Conv2d(3, 4, 3, bias=False), nn.Conv2d(4, 4, 3), nn.ConvTranspose2d(4, 4, 3)],
)
def test_where_nothing_tells_the_first_dimension_is_taken_and_said(module):
    weights = choose(State(tensors=module.state_dict()))
    assert weights.tensors["weight"] is not None
    assert weights.tensors["weight"].shape == module.weight.shape
    assert weights.remarks == (f"{UNKNOWN}: weight.",)


@pytest.mark.parametrize(
    "module", [nn.Linear(3, 4), nn.Linear(4, 4), nn.Linear(4, 4, bias=False), nn.Conv1d(3, 4, 2), nn.LSTM(3, 5)]
)
def test_where_the_bias_tells_the_first_or_both_are_the_same_nothing_is_said(module):
    assert choose(State(tensors=module.state_dict())).remarks == ()


def test_the_weight_of_a_norm_over_several_dimensions_is_no_matrix():
    model = nn.ModuleDict({"fc": nn.Linear(3, 4), "norm": nn.LayerNorm((4, 6, 6))})
    weights = choose(State(tensors=model.state_dict()))
    assert list(weights.tensors) == ["fc.weight"]
    why = "with a bias of its own shape, so it multiplies entry by entry and is no matrix"
    assert weights.remarks == (f"Left out, {why}: norm.weight.", "Left out, not called weight: norm.bias.")


@pytest.mark.parametrize("name", ["mlp.experts.w1.weight", "mlp.experts.gate_up_proj", "experts.down_proj"])
def test_stacked_experts_are_one_matrix_each(measure, name):
    stack = torch.randn(4, 10, 12, generator=torch.Generator().manual_seed(0))
    layers, remarks = measure({name: stack, "router.weight": torch.eye(4)})
    base = name.removesuffix(".weight")
    assert list(layers) == [*(f"{base}[{place}]" for place in range(4)), "router"]
    for place, expert in enumerate(stack):
        assert layers[f"{base}[{place}]"].spectrum.spectral_norm == pytest.approx(largest(expert), rel=1e-6)
    assert remarks[0] == f"One matrix an expert: {name} has 4."
    assert remarks[1] == f"{UNKNOWN}: {name}."


def test_the_biases_of_stacked_experts_tell_their_outputs(measure):
    layers, _ = measure({"experts.down_proj": torch.ones(2, 3, 5), "experts.down_proj_bias": torch.ones(2, 5)})
    assert [(layer.spectrum.fan_out, layer.spectrum.fan_in) for layer in layers.values()] == [(5, 3), (5, 3)]


def test_the_convolutions_of_experts_in_a_list_are_kernels():
    tensors = nn.ModuleDict({"experts": nn.ModuleList([nn.Conv1d(3, 4, 2)])}).state_dict()
    assert list(choose(State(tensors=tensors)).tensors) == ["experts.0.weight"]
