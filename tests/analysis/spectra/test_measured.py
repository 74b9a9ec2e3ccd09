import math

import pytest
import torch
from torch import nn

from analysis.spectra import spectra
from models import build, import_torchvision
from regularizers import measure


@pytest.fixture(scope="module")
def resnet():
    """A network of torchvision's with weights of its own, by name and for ten classes."""
    with torch.random.fork_rng():
        torch.manual_seed(5)
        return import_torchvision().models.get_model("resnet18", weights=None, num_classes=10).eval()


@pytest.fixture(scope="module")
def resnet_file(resnet, tmp_path_factory):
    path = tmp_path_factory.mktemp("resnet") / "resnet18.pt"
    torch.save({"epoch": 1, "model": {f"module.{name}": value for name, value in resnet.state_dict().items()}}, path)
    return str(path)


@pytest.fixture
def save(tmp_path):
    def write(content):
        torch.save(content, tmp_path / "weights.pt")
        return str(tmp_path / "weights.pt")

    return write


def test_a_checkpoint_alone_has_the_spectra_of_its_network(resnet, resnet_file):
    measured = spectra(resnet_file)
    expected = measure.measure(resnet, (3, 224, 224))
    assert [layer.name for layer in measured.layers] == list(expected)
    for layer in measured.layers:
        torch.testing.assert_close(layer.spectrum.singular_values, expected[layer.name].singular_values)
        assert layer.spectrum.measures.keys() == expected[layer.name].measures.keys()
    assert measured.held == sum(math.prod(layer.shape) for layer in measured.layers)
    assert measured.parameters == sum(p.numel() for p in resnet.parameters()) + sum(
        buffer.numel() for buffer in resnet.buffers() if buffer.is_floating_point()
    )


def test_the_circular_view_of_a_checkpoint_is_that_of_its_network(resnet, resnet_file):
    measured = spectra(resnet_file, model="resnet18", image=(3, 32, 32), view="circular")
    expected = measure.measure(resnet, (3, 32, 32), "circular")
    assert [layer.name for layer in measured.layers] == list(expected)
    for layer in measured.layers:
        assert layer.spectrum.spectral_norm == expected[layer.name].spectral_norm
    assert measured.remarks[-1] == "Without a circular view: fc.weight; --view flat has all."


def test_a_network_by_name_has_the_same_random_weights_each_time_and_draws_nothing_from_outside():
    before = torch.random.get_rng_state()
    first, second = spectra("mlp-small"), spectra("mlp-small")
    assert [layer.spectrum.measures for layer in first.layers] == [layer.spectrum.measures for layer in second.layers]
    assert torch.equal(torch.random.get_rng_state(), before)
    assert first.remarks == ("Random weights, drawn from seed 0: no file is called 'mlp-small'.",)
    assert [layer.shape for layer in first.layers] == [(256, 3072), (256, 256), (10, 256)]


def test_a_file_wins_over_a_network_of_the_same_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"fc.weight": torch.eye(2)}, "resnet18")
    assert [layer.name for layer in spectra("resnet18").layers] == ["fc"]


def test_a_folder_does_not_hide_a_network_of_the_same_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "resnet-small").mkdir()
    assert len(spectra("resnet-small").layers) == 8


@pytest.mark.parametrize(("name", "shape"), [("mlp-small", (1, 8, 8)), ("resnet-small", (1, 28, 28))])
def test_a_network_of_ours_is_filled_without_saying_its_input(save, name, shape):
    measured = spectra(save(build(name, shape, 7).state_dict()), model=name)
    assert measured.layers[-1].shape[0] == 7


@pytest.mark.parametrize("view", ["flat", "circular"])
def test_grouped_convolutions_of_a_known_network_are_left_out_and_named(view):
    measured = spectra("mobilenet_v2", image=(3, 32, 32), view=view)
    shown = {layer.name for layer in measured.layers}
    assert "features.1.conv.0.0" not in shown
    assert "features.1.conv.1" in shown
    assert (
        "Left out, grouped convolutions, which are block-diagonal maps: features.1.conv.0.0.weight, "
        "features.2.conv.1.0.weight, features.3.conv.1.0.weight, features.4.conv.1.0.weight, "
        "features.5.conv.1.0.weight and 12 more." in measured.remarks
    )


def test_weights_that_are_not_finite_or_zero_are_shown_and_have_no_product(save):
    broken = torch.eye(3)
    broken[1, 2] = math.inf
    tensors = {"a.weight": broken, "b.weight": torch.zeros(2, 2), "c.weight": 3 * torch.eye(2)}
    measured = spectra(save(tensors))
    assert [layer.finite for layer in measured.layers] == [False, True, True]
    assert [layer.spectrum.spectral_norm for layer in measured.layers[1:]] == [0.0, 3.0]
    assert measured.log10_product is None
    assert measured.remarks == (
        "Not finite: a.",
        "No condition_number, alpha, D, alpha_weighted, log_alpha_norm, log_spectral_norm, mp_softrank and num_spikes, "
        "because every value is zero: b.",
        "No alpha, D, alpha_weighted and log_alpha_norm, because there are fewer than 8 values: c.",
        "No mp_softrank and num_spikes, because all values are equal up to rounding: c.",
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_any_precision_are_measured(save, dtype):
    matrix = torch.diag(torch.tensor([1.0, 0.5, 0.25]))
    (layer,) = spectra(save({"fc.weight": matrix.to(dtype)})).layers
    assert layer.spectrum.singular_values.tolist() == pytest.approx([1.0, 0.5, 0.25])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_checkpoint_in_half_precision_has_every_measure_of_the_same_numbers_in_float32(save, dtype):
    generator = torch.Generator().manual_seed(0)
    tensors = {"a.weight": torch.randn(256, 512, generator=generator) / 16}
    tensors["b.weight"] = torch.randn(1024, 1024, generator=generator) / 32
    half = {name: tensor.to(dtype) for name, tensor in tensors.items()}
    measured = spectra(save(half))
    exact = spectra(save({name: tensor.float() for name, tensor in half.items()}))
    assert [layer.spectrum.rank for layer in measured.layers] == [256, 1024]
    assert [layer.spectrum.measures for layer in measured.layers] == [layer.spectrum.measures for layer in exact.layers]
    assert measured.remarks == exact.remarks
    assert not any(layer.spectrum.missing for layer in measured.layers)


def test_a_kernel_is_flattened_after_its_output_channels(save):
    kernel = torch.randn(4, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    for tensor in (kernel, kernel.contiguous(memory_format=torch.channels_last), kernel.flatten(2)):
        (layer,) = spectra(save({"weight": tensor})).layers
        assert (layer.spectrum.fan_out, layer.spectrum.fan_in) == (4, 12)
        torch.testing.assert_close(layer.spectrum.singular_values, torch.linalg.svdvals(kernel.flatten(1)))


@pytest.mark.parametrize(
    ("checkpoint", "options", "message"),
    [
        ("rsnet34", {}, "got 'rsnet34', and no such file exists; did you mean 'resnet34'?"),
        ("mlp-medum", {}, "did you mean 'mlp-medium'?"),
        ("weights.pth", {}, "did you mean 'weights.pt'?"),
        ("folder", {}, "got 'folder', a folder; name a file in it"),
        (
            "nowhere/x.ckpt",
            {},
            "a file or a network's name, got 'nowhere/x.ckpt', and no such file exists; check the path",
        ),
        ("weights.pt", {"view": "circular"}, "--view circular needs the network's modules"),
        ("weights.pt", {"image": (3, 32, 32)}, "--input needs the network's modules"),
        ("weights.pt", {"model": "resnet35"}, "--model must be a network's name, got 'resnet35'; did you mean"),
        (
            "weights.pt",
            {"model": "mlp-small"},
            "got 6 missing, 'layers.0.bias' among them; 1 unknown to it, 'fc.weight'",
        ),
        (
            "weights.pt",
            {"model": "."},
            "--model must be a network's name, got '.'; name mlp-small, mlp-medium, mlp-large",
        ),
        ("weights.pt", {"model": "n" * 300}, "--model must be a network's name, got"),
        ("n" * 300, {}, ": File name too long"),
        (
            "weights.pt/x",
            {"model": "mlp-small"},
            "must be a file that can be read, got 'weights.pt/x': Not a directory",
        ),
        ("n\0", {}, r"a file or a network's name, got 'n\x00', and no such file exists; name a file, mlp-small"),
        ("n\0", {"model": "mlp-small"}, r"must be a file that can be read, got 'n\x00': embedded null byte"),
        ("absent.pt", {"model": "mlp-small"}, "must be a file that can be read, got 'absent.pt': No such file"),
        ("mlp-small", {"view": "circular"}, "--view circular needs a convolution"),
        ("resnet-small", {"image": (0, 1, 1)}, "every number of input_shape must be a whole number >= 1"),
        ("alexnet", {"image": (3, 8, 8), "view": "circular"}, "--input must be an image that the network takes"),
        ("vit_b_16", {"image": (3, 32, 32), "view": "padded"}, "takes, got 3x32x32: Wrong image height! Expected 224"),
        ("mlp-small", {"image": (3, 99999, 99999)}, "--input must hold at most 16,777,216 numbers, got 3x99999x99999"),
        (
            "resnet-small",
            {"image": (3, 99999, 99999), "view": "padded"},
            "--input must hold at most 16,777,216 numbers",
        ),
    ],
)
def test_what_cannot_be_measured_is_refused_in_words(tmp_path, monkeypatch, checkpoint, options, message):
    monkeypatch.chdir(tmp_path)
    torch.save({"fc.weight": torch.eye(4)}, "weights.pt")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match=r"must|needs") as error:
        spectra(checkpoint, **options)
    assert message in str(error.value)


@pytest.mark.parametrize("view", ["circular", "padded"])
def test_heads_that_evaluation_does_not_run_are_left_out_and_named(view):
    measured = spectra("googlenet", image=(3, 32, 32), view=view)
    names = [layer.name for layer in measured.layers]
    assert "inception5b.branch4.1.conv" in names
    assert not any(name.startswith("aux") for name in names)
    assert "Left out, not run in evaluation: aux1.conv.conv.weight, aux2.conv.conv.weight." in measured.remarks


def test_a_weight_larger_than_the_memory_is_refused_in_words(save):
    path = save({"a.weight": torch.eye(2), "b.weight": torch.zeros(1).expand(2**24, 2**24)})  # a file of one number
    with pytest.raises(ValueError, match=r"must fit into memory to be measured, got 16777216×16777216 in 'b.weight'"):
        spectra(path)


def test_a_network_larger_than_the_memory_is_refused_in_words(save):
    tensors = build("mlp-small", (1, 8, 8), 7).state_dict()
    tensors["layers.2.weight"] = torch.zeros(1).expand(2**40, 256)
    tensors["layers.2.bias"] = torch.zeros(1).expand(2**40)
    with pytest.raises(
        ValueError, match="must fit into memory, got mlp-small for 64x1x1 and 1,099,511,627,776 classes"
    ):
        spectra(save(tensors), model="mlp-small")


def test_tensors_far_larger_than_those_of_the_network_are_refused_before_it_is_built(save):
    tensors = build("mlp-small", (1, 8, 8), 7).state_dict()
    tensors["layers.0.weight"] = torch.zeros(1).expand(256, 2**24)
    tensors["layers.1.weight"] = torch.zeros(1).expand(2**40, 2**8)
    with pytest.raises(
        ValueError, match=r"must hold the tensors of mlp-small, got 1 of another shape, 'layers.1.weight'"
    ):
        spectra(save(tensors), model="mlp-small")


def test_weights_of_another_shape_are_refused_in_words(save):
    state = nn.ModuleDict({"layers": nn.ModuleList([nn.Linear(5, 4), nn.Linear(4, 4), nn.Linear(4, 2)])}).state_dict()
    with pytest.raises(ValueError, match=r"must hold the tensors of mlp-small, got 5 of another shape"):
        spectra(save(state), model="mlp-small")
