"""Facts about how much one layer can stretch a difference."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from regularizers.linalg.padded_norm import NORM_ERROR
from regularizers.measure import lipschitz_bound
from regularizers.measure.affine_map import overlaps
from tests.regularizers.measure.bounds import SHAPE, Of, bound, jacobian, norm, shaken

CONVOLUTIONS = {
    "3x3": {"kernel_size": 3, "padding": 1},
    "unpadded 5x3": {"kernel_size": (5, 3)},
    "3x3 stride 2": {"kernel_size": 3, "stride": 2, "padding": 1},
    "5x5 stride 3": {"kernel_size": 5, "stride": 3, "padding": 2},
    "dilated": {"kernel_size": 3, "dilation": (2, 3), "stride": (2, 1), "padding": 2},
    "groups": {"kernel_size": 3, "groups": 2, "padding": "same"},
    "larger than the image": {"kernel_size": 9, "padding": 4},
    "2x2 same": {"kernel_size": 2, "padding": "same"},
    "patches": {"kernel_size": 2, "stride": 2},
    "1x1 stride 2": {"kernel_size": 1, "stride": 2},
}


@pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")  # torch copies where the sides differ
@pytest.mark.parametrize("settings", CONVOLUTIONS.values(), ids=CONVOLUTIONS)
def test_no_convolution_exceeds_its_flat_bound_and_without_overlaps_it_is_the_norm(settings: dict) -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(4, 6, **settings).double()
    for sign in (torch.randn_like(layer.weight), torch.ones_like(layer.weight)):  # equal taps make overlaps add up
        layer.weight.data = sign
        exact, found = norm(jacobian(layer, (4, 8, 6))), bound(layer, (4, 8, 6))
        assert exact <= found * (1 + 1e-12)
        if max(layer.kernel_size) <= min(layer.stride):
            assert found == pytest.approx(exact, rel=1e-12)


def test_the_padded_view_is_the_norm_of_the_convolution_and_not_below_it() -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(3, 4, 3, stride=2, padding=1).double()
    exact = norm(jacobian(layer, (3, 9, 8)))
    assert exact <= bound(layer, (3, 9, 8), view="padded") <= exact * (1 + 1.01 * NORM_ERROR)


SEEN_IN_PART = {
    "padding alone": ({"kernel_size": 1, "stride": 2, "padding": 1}, (1, 1)),
    "one tap of each patch": ({"kernel_size": 2, "stride": 2, "padding": 1}, (2, 2)),
    "a row of each patch": ({"kernel_size": (3, 1), "stride": (3, 1), "padding": (2, 0)}, (2, 4)),
}


@pytest.mark.parametrize(("settings", "size"), SEEN_IN_PART.values(), ids=SEEN_IN_PART)
def test_a_kernel_that_meets_padding_wherever_it_lies_has_no_norm_of_the_whole_kernel(
    settings: dict, size: tuple[int, int]
) -> None:
    torch.manual_seed(0)
    layer, shape = nn.Conv2d(2, 3, **settings).double(), (2, *size)
    exact = norm(jacobian(layer, shape))
    found = lipschitz_bound(layer, shape, view="padded")
    assert (0.0 if found.log10 is None else 10**found.log10) == pytest.approx(exact, rel=1.1 * NORM_ERROR)
    assert bound(layer, shape) > exact * 1.01


@pytest.mark.parametrize("factor", [1e-200, 1e200])
def test_the_bound_of_a_float64_layer_holds_at_any_size(factor: float) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(5, 4).double()
    unit = lipschitz_bound(layer, (5,)).log10
    layer.weight.data *= factor
    assert lipschitz_bound(layer, (5,)).log10 == pytest.approx(unit + math.log10(factor), abs=1e-9)


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize("s", [1, 2, 3, 4])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_overlaps_are_counted_as_windows_are_laid(k: int, s: int, d: int) -> None:
    for n in (d * (k - 1) + 1, 40):
        windows = (n - d * (k - 1) - 1) // s + 1
        reads = torch.zeros(n, dtype=torch.int64)
        for i in range(windows):
            reads[i * s : i * s + d * (k - 1) + 1 : d] += 1
        counted = overlaps((k,), (s,), (d,), (windows,))
        assert counted >= reads.max()
        assert counted == reads.max() or n < 40


@pytest.mark.parametrize(
    "pool",
    [
        nn.AvgPool2d(2),
        nn.AvgPool2d(3, stride=2, padding=1),
        nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False, ceil_mode=True),
        nn.AvgPool2d((3, 2), stride=1),
        nn.AdaptiveAvgPool2d((1, 1)),
        nn.AdaptiveAvgPool2d((5, None)),
        Of(lambda x: x.mean((2, 3))),
    ],
    ids=["halving", "overlapping", "counted at the border", "oblong", "global", "adaptive", "mean"],
)
def test_an_average_has_its_own_norm(pool: nn.Module) -> None:
    assert bound(pool, (2, 8, 7)) == pytest.approx(norm(jacobian(pool, (2, 8, 7))), rel=1e-9)


def test_a_maximum_repeats_an_entry_as_often_as_windows_share_it() -> None:
    assert bound(nn.MaxPool2d(3, stride=2, padding=1)) == pytest.approx(2)
    assert bound(nn.MaxPool2d(2)) == pytest.approx(1)
    peak = torch.zeros(1, 1, 5, 5)
    peak[0, 0, 1, 1] = 1.0
    assert functional.max_pool2d(peak, 3, stride=2, padding=1).norm() == 2


_FLAT = (
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.ELU,
    nn.PReLU,
    nn.Tanh,
    nn.Hardtanh,
    nn.Softplus,
    nn.Softsign,
    nn.LogSigmoid,
)


_STEEP = (nn.SELU, nn.GELU, nn.SiLU, nn.Mish, nn.Hardswish, nn.Hardsigmoid, nn.Sigmoid)


ACTIVATIONS = {kind.__name__: kind() for kind in (*_FLAT, *_STEEP)}


ACTIVATIONS |= {"falling Softplus": nn.Softplus(-2.0), "quick Softplus": nn.Softplus(5.0, 15.0)}


ACTIVATIONS |= {"GELU tanh": nn.GELU("tanh"), "steep LeakyReLU": nn.LeakyReLU(-3.0), "steep ELU": nn.ELU(2.0)}


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_an_activation_has_its_largest_slope(activation: nn.Module) -> None:
    x = torch.linspace(-12, 12, 24001, dtype=torch.float64).requires_grad_()
    (slopes,) = torch.autograd.grad(activation.double()(x).sum(), x)
    assert 1 - 1e-3 <= slopes.abs().max() / bound(activation, (3,)) <= 1


def test_batchnorm_is_taken_into_the_layer_in_front() -> None:
    torch.manual_seed(0)
    for layer, batch_norm, shape, overlap in (
        (nn.Linear(5, 4), nn.BatchNorm1d(4), (5,), 1),
        (nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), SHAPE, 3),
    ):
        model = shaken(nn.Sequential(layer, batch_norm))
        scale = (batch_norm.weight / (batch_norm.running_var + batch_norm.eps).sqrt()).detach()
        folded = overlap * norm(scale[:, None] * layer.weight.detach().flatten(1))
        apart = scale.abs().max().item() * bound(layer, shape)
        assert bound(model, shape) == pytest.approx(folded, rel=1e-12)
        assert folded < apart
        assert norm(jacobian(model, shape)) <= folded * (1 + 1e-12)


def test_batchnorm_alone_is_its_largest_scale() -> None:
    model = shaken(nn.Sequential(nn.BatchNorm2d(3, affine=False), nn.ReLU(), nn.BatchNorm2d(3)))
    first, second = (norm(jacobian(model[i], (3, 2, 2))) for i in (0, 2))
    assert bound(model, (3, 2, 2)) == pytest.approx(first * second, rel=1e-12)


def test_batchnorm_over_another_dimension_than_the_layers_outputs_is_not_taken_into_it() -> None:
    model = shaken(nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4)))
    assert norm(jacobian(model, (4, 5))) <= bound(model, (4, 5)) * (1 + 1e-12)
    largest = norm(jacobian(model[1], (4, 4)))
    assert bound(model, (4, 5)) == pytest.approx(largest * norm(model[0].weight.detach()), rel=1e-12)
