"""Facts about convolutions in all three views, over shapes of every kind, against dense twins."""

import itertools
import math

import pytest
import torch
from torch import Tensor, nn

from regularizers.linalg.linear_map import transfer
from regularizers.linalg.padded_norm import NORM_ERROR
from regularizers.measure import LayerSpectrum, measure
from regularizers.measure.transfer_gram import transfer_grams
from tests import oracles

SHAPES = [
    (co, ci, k, size, stride)
    for (co, ci), k, size, stride in itertools.product(
        [(4, 3), (2, 5), (1, 1)], [1, 3, 5], [(5, 5), (6, 7), (3, 2)], [1, 2]
    )
]
MANY = pytest.mark.parametrize(("co", "ci", "k", "size", "stride"), SHAPES)


def convolution(co: int, ci: int, k: int, stride: int = 1, dtype: torch.dtype = torch.float32) -> nn.Conv2d:
    torch.manual_seed(co + 10 * ci + 100 * k)
    return nn.Conv2d(ci, co, k, stride=stride, padding=k // 2, bias=False, dtype=dtype)


def views_of(layer: nn.Conv2d, size: tuple[int, int]) -> dict[str, LayerSpectrum]:
    model, shape = nn.Sequential(layer), (layer.in_channels, *size)
    return {view: measure(model, shape, view)["0"] for view in ("flat", "circular", "padded")}


def exact(layer: nn.Conv2d, size: tuple[int, int]) -> dict[str, Tensor]:
    kernel = layer.weight.detach()
    padded = oracles.padded_matrix(kernel, size, layer.stride[0], int(layer.padding[0]))
    matrices = {"flat": kernel, "circular": oracles.circular_matrix(kernel, size), "padded": padded}
    return {view: oracles.dense_singular_values(matrix) for view, matrix in matrices.items()}


@MANY
def test_every_value_equals_that_of_the_unrolled_map(co, ci, k, size, stride) -> None:
    layer = convolution(co, ci, k, stride)
    spectra, dense = views_of(layer, size), exact(layer, size)
    for view in ("flat", "circular"):
        values = spectra[view].singular_values
        truth = dense[view][: len(values)]
        assert len(values) == (min(co, ci * k * k) if view == "flat" else size[0] * size[1] * min(co, ci))
        torch.testing.assert_close(values.double(), truth, rtol=0, atol=1e-6 * truth[0].item())
    norm, truth = spectra["padded"].spectral_norm, dense["padded"][0].item()
    assert norm == pytest.approx(truth, rel=NORM_ERROR)
    assert norm <= truth * (1 + 1e-6)
    assert spectra["padded"].singular_values.tolist() == [pytest.approx(norm)]


@MANY
def test_the_views_relate_as_they_must(co, ci, k, size, stride) -> None:
    layer = convolution(co, ci, k, stride, dtype=torch.float64)
    flat, circular, padded = views_of(layer, size).values()
    whole = min(size) >= k  # a kernel larger than the image meets itself
    if whole:
        assert flat.spectral_norm <= circular.spectral_norm * (1 + 1e-12)
        assert circular.spectral_norm <= k * flat.spectral_norm * (1 + 1e-12)
        pixels = size[0] * size[1]
        assert circular.frobenius_norm == pytest.approx(math.sqrt(pixels) * flat.frobenius_norm, rel=1e-12)
    # Zeros around an image make it one that wraps around at a larger size.
    room = (size[0] + k - 1, size[1] + k - 1)
    assert padded.spectral_norm <= views_of(layer, room)["circular"].spectral_norm * (1 + 1e-9)
    unstrided = views_of(convolution(co, ci, k, dtype=torch.float64), size)["padded"].spectral_norm
    assert padded.spectral_norm <= unstrided * (1 + 1e-6)
    if k == 1:
        assert circular.spectral_norm == pytest.approx(flat.spectral_norm, rel=1e-12)
        assert padded.spectral_norm == pytest.approx(flat.spectral_norm, rel=1e-12)


def test_the_maps_have_the_sizes_of_images_and_their_rms_norms() -> None:
    spectra = views_of(convolution(4, 3, 3, stride=2), (6, 7))
    sizes = {view: (spectrum.fan_out, spectrum.fan_in) for view, spectrum in spectra.items()}
    assert sizes == {"flat": (4, 27), "circular": (4 * 42, 3 * 42), "padded": (4 * 3 * 4, 3 * 42)}
    for spectrum in spectra.values():
        ratio = math.sqrt(spectrum.fan_in / spectrum.fan_out)
        assert spectrum.rms_norm == pytest.approx(spectrum.spectral_norm * ratio)


def test_each_view_says_by_which_routine_its_values_were_found() -> None:
    assert {view: s.routine for view, s in views_of(convolution(4, 3, 3), (6, 6)).items()} == {
        "flat": "gram",
        "circular": "gram",
        "padded": "lanczos",
    }
    double = views_of(convolution(4, 3, 1, dtype=torch.float64), (6, 6))
    assert {view: s.routine for view, s in double.items()} == dict.fromkeys(double, "svd")


def test_the_padded_view_has_norms_alone_and_the_circular_view_no_measures_of_a_weight_matrix() -> None:
    spectra = views_of(convolution(12, 12, 3), (6, 6))
    assert spectra["padded"].measures.keys() == {"spectral_norm", "rms_norm"}
    assert {"alpha", "num_spikes"} <= spectra["flat"].measures.keys()
    assert not {"alpha", "num_spikes"} & spectra["circular"].measures.keys()


@pytest.mark.parametrize("shape", [(3, 5, 3, 3), (5, 3, 3, 2), (2, 2, 1, 4), (4, 4, 5, 5), (1, 1, 2, 2)], ids=str)
def test_gram_matrices_from_products_of_taps_are_those_of_the_transfer_matrices(shape: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(0)
    kernel = torch.randn(*shape, generator=generator, dtype=torch.float64)
    points = torch.rand(7, 2, generator=generator, dtype=torch.float64)
    matrices = transfer(kernel if shape[0] <= shape[1] else kernel.transpose(0, 1), points)
    mirrored = torch.tensor([[0.0, 0.0], [0.5, 0.0], [0.5, 0.5]], dtype=torch.float64)
    signed = transfer(kernel if shape[0] <= shape[1] else kernel.transpose(0, 1), mirrored).real
    for count in (1, 10_000):
        grams = transfer_grams(kernel, count)
        torch.testing.assert_close(grams(points, real=False).tril(), (matrices @ matrices.mH).tril())
        torch.testing.assert_close(grams(mirrored, real=True).tril(), (signed @ signed.mH).tril())


@pytest.mark.parametrize("exponent", [-200, -30, -11, 10, 20, 200])
def test_the_views_norms_grow_with_the_kernel_whatever_its_scale(exponent: int) -> None:
    dtype = torch.float64 if abs(exponent) > 30 else torch.float32
    layer = convolution(4, 3, 3, dtype=dtype)
    before = {view: spectrum.spectral_norm for view, spectrum in views_of(layer, (6, 7)).items()}
    layer.weight.data *= 10.0**exponent
    after = {view: spectrum.spectral_norm / 10.0**exponent for view, spectrum in views_of(layer, (6, 7)).items()}
    assert after == pytest.approx(before, rel=1e-5)


def test_a_tap_that_stands_on_nothing_but_padding_makes_the_zero_map() -> None:
    def norm(padding: int) -> float:
        layer = nn.Conv2d(1, 1, 1, stride=3, padding=padding, bias=False)
        nn.init.ones_(layer.weight)
        return measure(nn.Sequential(layer), (1, 1, 1), "padded")["0"].spectral_norm

    assert [norm(padding) for padding in (0, 1, 3)] == [1.0, 0.0, 1.0]


def test_a_circular_routine_that_does_not_converge_falls_back_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = convolution(4, 3, 3)
    truth = exact(layer, (5, 5))["circular"][:75]

    def fails(gram: Tensor) -> Tensor:
        raise torch.linalg.LinAlgError("did not converge")

    monkeypatch.setattr(torch.linalg, "eigvalsh", fails)
    spectrum = measure(nn.Sequential(layer), (3, 5, 5), "circular")["0"]
    assert spectrum.routine == "gram: svd"
    torch.testing.assert_close(spectrum.singular_values.double(), truth, rtol=0, atol=1e-6 * truth[0].item())


@pytest.mark.parametrize("value", [torch.nan, torch.inf], ids=str)
def test_a_kernel_that_is_not_finite_has_nan_values_and_no_measures_in_any_view(value: float) -> None:
    layer = convolution(4, 3, 3)
    layer.weight.data[0, 0, 0, 0] = value
    for spectrum in views_of(layer, (5, 5)).values():
        assert spectrum.singular_values.isnan().all()
        assert spectrum.measures == {}


def test_a_zero_kernel_is_zero_in_every_view() -> None:
    layer = convolution(4, 3, 3)
    layer.weight.data.zero_()
    for spectrum in views_of(layer, (5, 5)).values():
        assert set(spectrum.measures.values()) == {0}


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (
            nn.Conv2d(2, 2, 3, padding=1, padding_mode="circular"),
            "needs padding with zeros, got padding_mode 'circular'",
        ),
        (nn.Conv2d(2, 2, 2, padding="same"), "same padding on both sides, got 'same' with a kernel of 2 × 2 in '0'"),
        (nn.Conv2d(2, 2, 3, dilation=2), r"need dilation 1, got \(2, 2\) in '0'"),
    ],
    ids=["padding mode", "even kernel", "dilation"],
)
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
def test_the_padded_view_refuses_what_it_cannot_see(layer: nn.Conv2d, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        measure(nn.Sequential(layer), (2, 8, 8), "padded")


def test_padding_by_name_is_padding_by_number() -> None:
    for name, number in (("same", 1), ("valid", 0)):
        named, numbered = convolution(4, 3, 3), convolution(4, 3, 3)
        named.padding, numbered.padding = name, (number, number)
        for layer in (named, numbered):
            layer.__init__(3, 4, 3, padding=layer.padding, bias=False)  # type: ignore[misc]
        named.weight.data = numbered.weight.data
        assert views_of(named, (6, 6))["padded"].spectral_norm == views_of(numbered, (6, 6))["padded"].spectral_norm
