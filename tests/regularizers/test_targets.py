"""Facts about the choice of weights."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from regularizers import REGULARIZERS, select
from regularizers.measure import measure
from regularizers.targets import by_shape


def mlp() -> nn.Sequential:
    return nn.Sequential(nn.Linear(8, 5), nn.ReLU(), nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 3))


class Residual(nn.Module):
    """A small network with every role; its names say nothing of them."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Conv2d(3, 4, 3)
        self.first = nn.Conv2d(4, 4, 3)
        self.bn = nn.Conv2d(4, 8, 1)
        self.bn.weight_role = "downsample"
        self.norm = nn.BatchNorm2d(8)
        self.conv = nn.Linear(8, 8)
        self.downsample = nn.Linear(8, 2)


def roles(model: nn.Module, where: tuple[str, ...] | None = None) -> dict[str, str]:
    return {target.name: target.role for target in select(model, where)}


def test_roles_come_from_type_and_position_and_from_weight_role_and_never_from_names() -> None:
    assert roles(Residual()) == {
        "fc": "first",
        "first": "conv",
        "bn": "downsample",
        "conv": "hidden",
        "downsample": "head",
    }


def test_a_network_of_one_linear_has_a_head_and_nothing_else() -> None:
    assert roles(nn.Linear(3, 2)) == {"": "head"}


@pytest.mark.parametrize(
    ("where", "names"),
    [(("hidden",), ["2"]), (("head", "first"), ["0", "4"]), (None, ["0", "2", "4"])],
    ids=["one role", "two roles", "all"],
)
def test_where_chooses_by_role_in_registration_order(where: tuple[str, ...] | None, names: list[str]) -> None:
    assert list(roles(mlp(), where)) == names


def test_norms_biases_and_embeddings_are_no_targets() -> None:
    model = nn.Sequential(nn.Embedding(4, 4), nn.Linear(4, 4), nn.LayerNorm(4), nn.Linear(4, 2))
    assert list(roles(model)) == ["1", "3"]


def test_a_shared_weight_counts_once() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4))
    model[1].weight = model[0].weight
    assert list(roles(model)) == ["0", "2"]


def test_fans_are_those_of_the_flattened_kernel() -> None:
    (target,) = select(nn.Conv2d(3, 8, (5, 2)))
    assert (target.fan_out, target.fan_in) == (8, 3 * 5 * 2)
    assert target.matrix.shape == (8, 30)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=["rows", "channels last"])
def test_writing_to_the_matrix_writes_to_the_weight(layout: torch.memory_format) -> None:
    layer = nn.Conv2d(3, 4, 3).to(memory_format=layout)
    (target,) = select(layer)
    target.matrix.fill_(2.0)
    assert torch.equal(layer.weight, torch.full_like(layer.weight, 2.0))


def test_the_trained_tensor_behind_a_reparametrized_weight_is_found() -> None:
    layer = nn.Linear(4, 3)
    trained = layer.weight
    REGULARIZERS["spectral_normalization"]().attach(layer)
    (target,) = select(layer)
    assert target.parameter is trained
    assert torch.equal(target.weight, layer.weight)


@pytest.mark.parametrize("normalize", [nn.utils.parametrizations.weight_norm, nn.utils.spectral_norm])
def test_a_weight_that_torch_makes_of_several_tensors_is_measured_as_used_and_not_held(
    normalize: Callable[[nn.Module], nn.Module],
) -> None:
    layer = normalize(nn.Linear(4, 3))
    layer(torch.zeros(1, 4))
    spectrum = measure(layer, (4,))[""]
    used = torch.linalg.svdvals(layer.weight.detach())
    torch.testing.assert_close(spectrum.singular_values, used)
    for name in ("spectral_norm_scaling", "weight_normalization", "spectral_normalization"):
        with pytest.raises(ValueError, match=r"already is|computed before each forward pass"):
            REGULARIZERS[name]().attach(layer)


def test_no_regularization_takes_a_model_with_weights_that_no_method_holds() -> None:
    regularizer = REGULARIZERS["none"]().attach(nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 9)))
    assert float(regularizer.penalty()) == 0.0


def test_equal_shapes_make_one_group() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 3), nn.Linear(4, 4), nn.Linear(3, 4))
    groups = by_shape(select(model))
    assert [[target.name for target in group] for group in groups] == [["0", "2"], ["1"], ["3"]]


def test_nothing_matched_is_an_error_that_names_the_roles_present() -> None:
    with pytest.raises(ValueError, match="where must match a weight, got conv; this model has first, hidden, head"):
        select(mlp(), ("conv",))


def test_a_model_without_weights_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must have a weight of a linear, .* module, got ReLU with none"):
        select(nn.ReLU())


def test_an_unknown_role_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="got 'convs'; did you mean 'conv'"):
        select(mlp(), ("convs",))


def test_an_unknown_weight_role_is_refused_and_the_module_named() -> None:
    model = mlp()
    model[2].weight_role = "hiden"
    with pytest.raises(ValueError, match=r"weight_role of '2' must be one of .*did you mean 'hidden'"):
        select(model)


def test_a_grouped_convolution_is_refused() -> None:
    with pytest.raises(ValueError, match="groups=1, got groups=2 in '0'"):
        select(nn.Sequential(nn.Conv2d(4, 4, 3, groups=2)))


def test_a_module_that_waits_for_its_first_input_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match=r"a weight must have its shape, got the LazyLinear '0'.* run the model"):
        select(nn.Sequential(nn.LazyLinear(4), nn.Linear(4, 3)))
