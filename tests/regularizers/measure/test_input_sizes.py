"""Facts about the sizes of images at which convolutions are measured."""

import math

import pytest
import torch
from torch import Tensor, nn

from regularizers.measure import measure
from tests import oracles
from tests.regularizers.measure.networks import Branched


def test_the_circular_view_takes_each_convolution_at_its_real_input_size(branched: Branched) -> None:
    spectra = measure(branched, (2, 8, 6), view="circular")
    assert list(spectra) == ["a", "b", "shortcut"]
    for name, spectrum in spectra.items():
        weight = branched.get_submodule(name).weight.detach()
        dense = oracles.dense_singular_values(oracles.circular_matrix(weight, (8, 6)))
        values = spectrum.singular_values
        torch.testing.assert_close(values.double(), dense[: len(values)], rtol=0, atol=1e-6 * dense[0].item())
        assert spectrum.rms_norm == pytest.approx(spectrum.spectral_norm * math.sqrt(weight.shape[1] / weight.shape[0]))
        assert spectrum.stable_rank <= spectrum.rank


def test_a_model_without_convolutions_has_no_circular_view() -> None:
    assert measure(nn.Linear(3, 2), (3,), view="circular") == {}
    assert measure(nn.Linear(3, 2), (3,), view="padded") == {}


def test_unknown_views_unused_and_dilated_convolutions_are_refused(branched: Branched) -> None:
    with pytest.raises(ValueError, match="did you mean 'circular'"):
        measure(branched, (2, 8, 6), view="circula")
    with pytest.raises(ValueError, match="bundle must be one of economy, standard, full; got 'all'"):
        measure(branched, (2, 8, 6), bundle="all")
    branched.extra = nn.Conv2d(2, 2, 3)
    with pytest.raises(ValueError, match="got unused 'extra'"):
        measure(branched, (2, 8, 6), view="circular")
    dilated = nn.Sequential(nn.Conv2d(2, 2, 3, dilation=2))
    with pytest.raises(ValueError, match=r"dilation 1, got \(2, 2\) in '0'"):
        measure(dilated, (2, 8, 8), view="circular")


@pytest.mark.parametrize("view", ["circular", "padded"])
def test_an_image_smaller_than_the_kernel_is_refused_in_words(view: str) -> None:
    with pytest.raises(ValueError, match=r"take an image of input_shape, got 2 × 3 × 3 \(.*Kernel size"):
        measure(nn.Sequential(nn.Conv2d(2, 2, 5)), (2, 3, 3), view)


class ByName(nn.Module):
    """One convolution called by keyword, on images of so many sizes."""

    def __init__(self, *sizes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 2, 3, padding=1)
        self.sizes = sizes

    def forward(self, x: Tensor) -> Tensor:
        return sum(self.conv(input=x[..., :size, :]).mean() for size in self.sizes)


@pytest.mark.parametrize("view", ["circular", "padded"])
def test_a_convolution_that_is_called_by_keyword_is_measured_as_any(view: str) -> None:
    model = ByName(6)
    expected = measure(nn.Sequential(model.conv), (2, 6, 5), view)["0"]
    assert measure(model, (2, 8, 5), view)["conv"].measures == expected.measures


@pytest.mark.parametrize("view", ["circular", "padded"])
def test_a_convolution_of_images_of_two_sizes_is_refused_with_both(view: str) -> None:
    assert measure(ByName(6, 6), (2, 8, 5), view).keys() == {"conv"}
    with pytest.raises(
        ValueError, match=r"one image size for each convolution, got 8 × 5 and 6 × 5 in 'conv'; measure"
    ):
        measure(ByName(8, 6), (2, 8, 5), view)
    assert measure(ByName(8, 6), (2, 8, 5)).keys() == {"conv"}
