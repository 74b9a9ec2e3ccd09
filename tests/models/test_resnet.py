"""Residual networks against the published ones."""

import socket

import pytest
import torch
from torch import nn
from torch.nn import functional

from models import ARCHITECTURES, CifarResNetArchitecture, ImageNetResNetArchitecture, import_torchvision
from models.cifar_resnet import Block

resnets = import_torchvision().models.resnet


def cifar(depth, width=16):
    return CifarResNetArchitecture(name="x", depth=depth, width=width)


def imagenet(depth, width=64):
    return ImageNetResNetArchitecture(name="x", depth=depth, width=width)


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(
    ("depth", "millions"),
    [(20, "0.27"), (32, "0.46"), (44, "0.66"), (56, "0.85"), (110, "1.7"), (1202, "19.4")],
)
def test_cifar_resnets_have_the_parameters_of_he_et_al_table_6(depth, millions):
    with torch.device("meta"):
        model = cifar(depth).build((3, 32, 32), 10)
    digits = len(millions.split(".")[1])
    assert f"{count(model) / 1e6:.{digits}f}" == millions


def test_resnet_20_has_the_parameters_of_its_layers():
    stages = [(16, 16), (32, 16), (64, 32)]
    convolutions = 3 * 16 * 9 + sum(9 * (first * out + 5 * out * out) for out, first in stages)
    norms = 2 * (16 + sum(6 * out for out, _ in stages))
    assert count(cifar(20).build((3, 32, 32), 10)) == convolutions + norms + 64 * 10 + 10 == 269_722


@pytest.mark.parametrize(("height", "width"), [(8, 8), (7, 5), (1, 1)])
def test_a_shortcut_of_option_a_is_every_other_pixel_and_zeros(height, width):
    torch.manual_seed(0)
    block = Block(3, 6, stride=2)
    nn.init.zeros_(block.bn2.weight)  # F(x) = 0: what is left is the shortcut
    x = torch.rand(2, 3, height, width)
    out = block(x)
    assert out[:, :3].equal(x[:, :, ::2, ::2])
    assert not out[:, 3:].any()


def test_a_block_is_two_normalized_convolutions_and_the_identity():
    torch.manual_seed(0)
    block = Block(4, 4, stride=1).eval()
    block.bn1.running_var.uniform_(0.5, 2)
    x = torch.randn(2, 4, 6, 5)
    inner = functional.conv2d(x, block.conv1.weight, padding=1) / (block.bn1.running_var + 1e-5).sqrt()[:, None, None]
    residual = functional.conv2d(inner.relu(), block.conv2.weight, padding=1) / (1 + 1e-5) ** 0.5
    torch.testing.assert_close(block(x), (residual + x).relu())


@pytest.mark.parametrize(
    ("depth", "parameters"),
    [(18, 11_689_512), (34, 21_797_672), (50, 25_557_032), (101, 44_549_160), (152, 60_192_808)],
)
def test_imagenet_resnets_have_the_published_parameters(depth, parameters):
    with torch.device("meta"):
        assert count(imagenet(depth).build((3, 224, 224), 1000)) == parameters


@pytest.mark.parametrize("depth", [34, 50])
def test_at_imagenet_size_it_is_torchvisions_bit_for_bit(depth):
    torch.manual_seed(3)
    ours = imagenet(depth).build((3, 224, 224), 1000).state_dict()
    torch.manual_seed(3)
    theirs = getattr(resnets, f"resnet{depth}")(weights=None).state_dict()
    assert ours.keys() == theirs.keys()
    assert all(ours[name].equal(theirs[name]) for name in theirs)


@pytest.mark.parametrize(("side", "resolution"), [(8, 8), (64, 64), (65, 17), (224, 56)])
def test_images_up_to_64_pixels_keep_their_resolution_into_the_first_stage(side, resolution):
    with torch.device("meta"):
        model = imagenet(18).build((3, side, side), 10)
        stem = model.maxpool(model.relu(model.bn1(model.conv1(torch.empty(1, 3, side, side)))))
    assert stem.shape == (1, 64, resolution, resolution)


def test_the_longer_side_chooses_the_stem():
    with torch.device("meta"):
        assert imagenet(18).build((3, 20, 65), 10).conv1.kernel_size == (7, 7)


@pytest.mark.parametrize(("depth", "expansion"), [(18, 1), (50, 4)])
def test_any_width_scales_all_stages(depth, expansion):
    with torch.device("meta"):
        model = imagenet(depth, width=24).build((1, 28, 28), 10)
    stages = [model.layer1, model.layer2, model.layer3, model.layer4]
    outputs = [[module for module in stage.modules() if isinstance(module, nn.BatchNorm2d)][-1] for stage in stages]
    assert model.conv1.out_channels == 24
    assert model.fc.in_features == 24 * 8 * expansion
    if expansion == 1:
        assert [norm.num_features for norm in outputs] == [24, 48, 96, 192]


@pytest.mark.parametrize(("depth", "projections"), [(18, 3), (34, 3), (50, 4)])
def test_projection_shortcuts_alone_carry_the_role_downsample(depth, projections):
    with torch.device("meta"):
        model = imagenet(depth).build((3, 32, 32), 10)
    marked = [module for module in model.modules() if getattr(module, "weight_role", None) == "downsample"]
    blocks = [module for module in model.modules() if isinstance(module, resnets.BasicBlock | resnets.Bottleneck)]
    assert marked == [block.downsample[0] for block in blocks if block.downsample is not None]
    assert len(marked) == projections
    assert all(isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1) for module in marked)


def test_shortcuts_without_parameters_carry_no_role():
    model = cifar(8).build((3, 32, 32), 10)
    assert not any(hasattr(module, "weight_role") for module in model.modules())


@pytest.mark.parametrize("name", ["resnet-medium", "resnet-large"])
def test_weights_are_drawn_and_never_fetched(name, monkeypatch):
    def no_network(*arguments, **options):
        raise AssertionError("a model reached for the network")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    torch.manual_seed(0)
    model = ARCHITECTURES[name].build((3, 32, 32), 10)
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and module.weight.numel() > 30_000:
            fan_out = module.out_channels * module.kernel_size[0] ** 2
            torch.testing.assert_close(module.weight.std(), torch.tensor((2 / fan_out) ** 0.5), rtol=0.03, atol=0)
        elif isinstance(module, nn.BatchNorm2d):
            assert (module.weight == 1).all()
            assert not module.running_mean.any()
