"""Architectures as data: what ships, what may be asked for, what is refused."""

import subprocess
import sys

import pytest
import torch
from torch import nn

import models
from models import (
    ARCHITECTURES,
    CifarResNetArchitecture,
    ImageNetResNetArchitecture,
    MLPArchitecture,
    PlainArchitecture,
)
from tests.root import ROOT

SHAPES = [(1, 8, 8), (3, 33, 47), (3, 32, 32)]
CUSTOM = [
    MLPArchitecture(name="linear", depth=1, width=1),
    MLPArchitecture(name="wide", depth=5, width=300, bias=False),
    CifarResNetArchitecture(name="r20", depth=20, width=4),
    ImageNetResNetArchitecture(name="r18-narrow", depth=18, width=8),
    ImageNetResNetArchitecture(name="r50-narrow", depth=50, width=4),
]
ALL = [*ARCHITECTURES.values(), *CUSTOM]


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


def matrices(model):
    return [module for module in model.modules() if isinstance(module, nn.Conv2d | nn.Linear)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("architecture", ALL, ids=lambda each: each.name)
def test_every_architecture_gives_one_logit_a_class_for_any_image(architecture, shape):
    with torch.device("meta"):  # shapes alone, so that the large ones cost nothing
        model = architecture.build(shape, 7)
        assert model(torch.empty(2, *shape)).shape == (2, 7)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 17, 9)], ids=str)
@pytest.mark.parametrize("name", ["mlp-small", "resnet-small", "resnet-medium"])
def test_a_gradient_reaches_every_weight(name, shape):
    torch.manual_seed(0)
    model = models.build(name, shape, 3)
    model(torch.randn(4, *shape)).square().sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())
    assert all(matrix.weight.grad.any() for matrix in matrices(model))


@pytest.mark.parametrize("name", ["mlp-small", "resnet-small", "resnet-medium"])
def test_the_seed_alone_decides_the_weights(name):
    def weights(seed):
        torch.manual_seed(seed)
        model = models.build(name, (1, 8, 8), 10)
        return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])

    assert weights(1).equal(weights(1))
    assert not weights(1).equal(weights(2))


@pytest.mark.parametrize(
    ("name", "family", "size", "depth"),
    [
        ("mlp-small", "mlp", "small", 3),
        ("mlp-medium", "mlp", "medium", 5),
        ("mlp-large", "mlp", "large", 7),
        ("resnet-small", "resnet", "small", 8),
        ("resnet-medium", "resnet", "medium", 34),
        ("resnet-large", "resnet", "large", 50),
    ],
)
def test_six_architectures_ship(name, family, size, depth):
    architecture = ARCHITECTURES[name]
    assert (architecture.family, architecture.size, architecture.depth) == (family, size, depth)
    assert len(ARCHITECTURES) == 6


@pytest.mark.parametrize("architecture", ALL, ids=lambda each: each.name)
def test_depth_counts_the_weights_beside_projection_shortcuts(architecture):
    with torch.device("meta"):
        model = architecture.build((3, 32, 32), 10)
    layers = [module for module in matrices(model) if getattr(module, "weight_role", None) != "downsample"]
    assert len(layers) == architecture.depth


def test_an_mlp_without_biases_has_only_its_matrices():
    model = MLPArchitecture(name="x", depth=5, width=20, bias=False).build((1, 4, 4), 10)
    assert [tuple(parameter.shape) for parameter in model.parameters()] == [(20, 16), *[(20, 20)] * 3, (10, 20)]


def test_an_mlp_is_affine_maps_with_relu_between():
    torch.manual_seed(0)
    model = MLPArchitecture(name="x", depth=3, width=6).build((2, 3, 2), 4)
    x = torch.randn(5, 2, 3, 2)
    first, second, third = [(layer.weight, layer.bias) for layer in model.layers]
    hidden = (x.reshape(5, 12) @ first[0].T + first[1]).clamp(min=0)
    hidden = (hidden @ second[0].T + second[1]).clamp(min=0)
    torch.testing.assert_close(model(x), hidden @ third[0].T + third[1])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mlp-small", ("mlp-small", "mlp", "small", 3, 256, True, None)),
        ("resnet-small", ("resnet-small", "resnet", "small", 8, 16, None, "cifar")),
        ("resnet-large", ("resnet-large", "resnet", "large", 50, 64, None, "imagenet")),
    ],
)
def test_stored_settings_say_by_seven_names_what_an_architecture_is(name, said):
    plain = ARCHITECTURES[name].plain
    names = ["name", "family", "size", "depth", "width", "bias", "layout"]
    assert list(vars(plain).items()) == list(zip(names, said, strict=True))
    assert ARCHITECTURES[name].as_data() == {key: value for key, value in vars(plain).items() if value is not None}


@pytest.mark.parametrize("architecture", ALL, ids=lambda each: each.name)
def test_an_architecture_is_read_from_what_it_says_of_itself(architecture):
    assert models.read(architecture.plain) == architecture
    assert models.read(PlainArchitecture(**architecture.as_data())) == architecture


def test_an_mlp_has_biases_unless_it_is_said():
    assert models.read(PlainArchitecture(name="x", family="mlp", depth=1, width=1)) == MLPArchitecture(
        name="x", depth=1, width=1, bias=True
    )


MLP = {"name": "x", "family": "mlp", "depth": 3, "width": 8}
RESNET = {"name": "x", "family": "resnet", "layout": "cifar", "depth": 8, "width": 16}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (MLP | {"name": ""}, "name of an architecture must not be empty"),
        (MLP | {"family": "mpl"}, "family must be one of mlp, resnet, got 'mpl'; did you mean 'mlp'?"),
        (MLP | {"size": "huge"}, "size must be one of small, medium, large, custom, got 'huge'"),
        (MLP | {"depth": 0}, "depth must be a whole number >= 1, got 0"),
        (MLP | {"depth": 10**8}, "depth must be at most 10,000, got 100000000"),
        (MLP | {"depth": True}, "depth must be a whole number >= 1, got True"),
        (MLP | {"width": 2.5}, "width must be a whole number >= 1, got 2.5"),
        (MLP | {"layout": "cifar"}, "layout belongs to the family resnet"),
        (MLP | {"bias": "no"}, "bias must be true or false, got 'no'"),
        (RESNET | {"bias": False}, "bias belongs to the family mlp"),
        (RESNET | {"layout": None}, "a resnet needs a layout"),
        (RESNET | {"layout": "imagnet"}, "did you mean 'imagenet'?"),
        (RESNET | {"depth": 34}, r"must be 6n \+ 2 with n >= 1, got 34"),
        (RESNET | {"depth": 2}, r"must be 6n \+ 2 with n >= 1, got 2"),
        (RESNET | {"layout": "imagenet"}, "must be one of 18, 34, 50, 101, 152, got 8"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_value_outside_its_domain_is_refused(values, message):
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        models.read(PlainArchitecture(**values))


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(ValueError, match=r"got 'resnet-smal'; did you mean 'resnet-small'\?"):
        models.build("resnet-smal", (3, 32, 32), 10)


@pytest.mark.parametrize(
    ("shape", "classes", "message"),
    [
        ((8, 8), 10, "input_shape must be"),
        ((1, 8, 0), 10, "every number of input_shape must be a whole number >= 1, got 0"),
        ((1, 8, 8), 1, "num_classes must be >= 2, got 1"),
    ],
    ids=["two numbers", "no pixels", "one class"],
)
def test_a_shape_that_is_no_image_is_refused(shape, classes, message):
    with pytest.raises(ValueError, match=message):
        models.build("mlp-small", shape, classes)


def run_python(program):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False, cwd=ROOT
    )


@pytest.mark.parametrize("name", ["mlp-small", "resnet-small"])
def test_models_without_torchvision_do_not_import_it(name):
    result = run_python(
        f"import sys, models; models.build({name!r}, (1, 8, 8), 10); assert 'torchvision' not in sys.modules"
    )
    assert result.returncode == 0, result.stderr
