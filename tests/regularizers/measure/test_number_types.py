"""Facts about weights in half precision, as codes, and complex."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from regularizers import LayerSpectrum
from regularizers.measure import Movement, measure
from tests.regularizers.measure.networks import spectrum_of


@pytest.mark.parametrize(("dtype", "rank"), [(torch.float32, 2), (torch.float64, 3)], ids=["float32", "float64"])
def test_the_numeric_rank_is_that_of_the_weights_own_precision(dtype: torch.dtype, rank: int) -> None:
    assert spectrum_of(torch.diag(torch.tensor([1.0, 1e-3, 1e-8], dtype=dtype))).rank == rank


HALF = (torch.bfloat16, torch.float16)


def spectra_of(model: nn.Module, views: tuple[str, ...] = ("flat",)) -> list[LayerSpectrum]:
    return [spectrum for view in views for spectrum in measure(model, (3, 8, 8), view).values()]


@pytest.mark.parametrize("dtype", HALF, ids=str)
@pytest.mark.parametrize("size", [(256, 512), (1024, 1024)], ids=str)
def test_a_weight_in_half_precision_has_every_measure_of_the_same_numbers_in_float32(dtype, size) -> None:
    weight = (torch.randn(size, generator=torch.Generator().manual_seed(0)) / size[1] ** 0.5).to(dtype)
    half, wide = spectrum_of(weight), spectrum_of(weight.float())
    assert half.rank == np.linalg.matrix_rank(weight.double().numpy()) == size[0]
    assert {"alpha", "D", "mp_softrank", "num_spikes", "condition_number"} <= half.measures.keys()
    assert half.measures == wide.measures
    assert half.missing == wide.missing == {}


@pytest.mark.parametrize("dtype", HALF, ids=str)
def test_a_convolution_in_half_precision_has_the_spectrum_of_its_numbers_in_every_view(dtype) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 200, 3, bias=False), nn.Conv2d(200, 150, 1, bias=False)).to(dtype)
    half = spectra_of(model, ("flat", "circular", "padded"))
    wide = spectra_of(model.float(), ("flat", "circular", "padded"))
    assert [(s.view, s.missing) for s in half] == [(s.view, s.missing) for s in wide]
    for narrow, same in zip(half, wide, strict=True):  # the order in which numbers are added may differ
        assert narrow.measures == pytest.approx(same.measures, rel=1e-10)
    assert {spectrum.rank for spectrum in wide if spectrum.view == "flat"} == {27, 150}
    assert all(len(s.singular_values) == s.rank for s in half if s.view != "padded")


@pytest.mark.parametrize("view", ["flat", "circular", "padded"])
@pytest.mark.parametrize("dtype", HALF, ids=str)
def test_a_kernel_in_half_precision_that_is_not_finite_ends_nothing(dtype, view: str) -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False)).to(dtype)
    model[0].weight.data[0, 0, 0, 0] = math.nan
    (spectrum,) = measure(model, (3, 8, 8), view).values()
    assert spectrum.measures == {}
    assert set(spectrum.missing.values()) == {"the weight is not finite"}


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float8_e5m2, torch.int8, torch.complex64], ids=str)
def test_codes_and_complex_numbers_are_refused_by_name(dtype: torch.dtype) -> None:
    model = nn.Sequential(nn.Linear(5, 4), nn.Linear(4, 3))
    model[1].weight = nn.Parameter(torch.ones(3, 4).to(dtype), requires_grad=False)
    message = rf"real floating numbers of at least 16 bits, got {dtype} in '1'; dequantize"
    for look in (lambda: measure(model, (5,)), lambda: Movement(model)):
        with pytest.raises(ValueError, match=message):
            look()


class Scaled(nn.Module):
    """Dequantizes what is stored."""

    def forward(self, codes: Tensor) -> Tensor:
        return codes.float() * 0.5


def test_a_layer_that_dequantizes_its_weight_is_measured_by_what_it_computes_with() -> None:
    layer = nn.Linear(4, 3, bias=False)
    layer.weight = nn.Parameter(2 * torch.eye(3, 4).to(torch.int8), requires_grad=False)
    parametrize.register_parametrization(layer, "weight", Scaled(), unsafe=True)
    assert measure(nn.Sequential(layer), (4,))["0"].singular_values.tolist() == [1, 1, 1]
