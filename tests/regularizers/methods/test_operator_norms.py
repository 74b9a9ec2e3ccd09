"""Facts about the Lipschitz constraint, operator norm clipping, the norm ball and the stable rank cap."""

import math

import pytest
import torch
from torch import Tensor, nn

from regularizers import REGULARIZERS
from regularizers.linalg.circular import CircularView
from regularizers.spectrum import singular_values, spectral_norm
from tests import oracles


def conv(*sizes: int, seed: int = 0, **rest: object) -> nn.Conv2d:
    torch.manual_seed(seed)
    return nn.Conv2d(*sizes, bias=False, **rest)  # type: ignore[arg-type]


def operator(layer: nn.Conv2d, size: tuple[int, int]) -> Tensor:
    return oracles.padded_matrix(layer.weight.detach(), size, layer.stride[0], layer.padding[0])


@pytest.mark.parametrize("stride", [1, 2])
def test_a_convolutions_own_spectral_norm_is_held_at_the_image_it_sees_in_training(stride: int) -> None:
    layer = conv(3, 5, 3, padding=1, stride=stride)
    bound = 0.5 * oracles.dense_singular_values(operator(layer, (7, 6)))[0].item()
    regularizer = REGULARIZERS["lipschitz_constraint"](bound=bound).attach(layer)
    layer(torch.zeros(2, 3, 7, 6))
    for _ in range(5):
        regularizer.after_step(0.1)
    assert oracles.dense_singular_values(operator(layer, (7, 6)))[0].item() == pytest.approx(bound, rel=1e-3)


@pytest.mark.parametrize(("p", "order"), [(1, 1), (2, 2), ("inf", math.inf)], ids=str)
def test_a_matrix_ends_at_the_bound_in_each_of_the_norms(p: object, order: float) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(9, 4)
    REGULARIZERS["lipschitz_constraint"](bound=0.2, p=p, power_iterations=20).attach(layer).after_step(0.1)
    assert torch.linalg.matrix_norm(layer.weight.detach(), order).item() == pytest.approx(0.2, rel=1e-4)


@pytest.mark.parametrize(("p", "order"), [(1, 1), ("inf", math.inf)], ids=str)
def test_a_convolutions_sum_norms_are_those_of_its_whole_matrix(p: object, order: float) -> None:
    layer = conv(3, 5, 3, padding=1)
    REGULARIZERS["lipschitz_constraint"](bound=0.2, p=p).attach(layer).after_step(0.1)
    assert torch.linalg.matrix_norm(operator(layer, (6, 6)), order).item() == pytest.approx(0.2, rel=1e-4)


def test_batch_norm_is_clamped_to_its_own_bound_and_only_downwards() -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 3), nn.BatchNorm1d(3))
    net[1].weight.data, net[1].running_var = torch.tensor([4.0, -8.0, 1.0]), torch.tensor([1.0, 4.0, 1.0])
    before = net[3].weight.detach().clone()
    for bound in (None, 2.0):
        settings = REGULARIZERS["lipschitz_constraint"](bound=9.0, batch_norm_bound=bound)
        settings.attach(net).after_step(0.1)
        expected = [4.0, -8.0, 1.0] if bound is None else [2.0, -4.0, 0.5]  # the largest factor was 4
        assert net[1].weight.tolist() == pytest.approx(expected, rel=1e-4)
    assert torch.equal(net[3].weight, before)


def test_a_batch_norm_without_running_statistics_is_refused() -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3, track_running_stats=False))
    with pytest.raises(ValueError, match="batch_norm_bound needs running statistics"):
        REGULARIZERS["lipschitz_constraint"](bound=1.0, batch_norm_bound=1.0).attach(net)


@pytest.mark.parametrize("p", [3, 0, "1", True, math.inf], ids=repr)
def test_a_norm_that_is_not_offered_is_refused(p: object) -> None:
    with pytest.raises(ValueError, match='p must be 1, 2 or "inf", got'):
        REGULARIZERS["lipschitz_constraint"](bound=1.0, p=p)


SIZES = [(6, 6), (5, 8), (3, 3), (2, 2), (1, 1)]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_circular_view_has_the_kernels_singular_values_and_gives_the_kernel_back(size: tuple[int, int]) -> None:
    kernel = conv(4, 5, 3).weight.detach().double()
    view = CircularView(kernel, size)
    values = torch.linalg.svdvals(view.matrices(kernel))
    assert values.max().item() == pytest.approx(spectral_norm(kernel, "circular", size), rel=1e-12)
    back = view.kernel(view.matrices(kernel))
    torch.testing.assert_close(view.matrices(back), view.matrices(kernel), rtol=0, atol=1e-12)
    if min(size) >= 3:
        torch.testing.assert_close(back, kernel, rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("taps", [1, 3])
def test_without_a_crop_the_operator_clip_is_exact(size: tuple[int, int], taps: int) -> None:
    if taps == 3 and max(size) > 3:
        return
    layer = conv(4, 5, taps, padding=taps // 2)
    expected = singular_values(layer.weight.detach().double(), "circular", size)
    bound = 0.5 * expected[0].item()
    regularizer = REGULARIZERS["conv_operator_clip"](bound=bound).attach(layer)
    layer(torch.zeros(1, 4, *size))
    regularizer.after_step(0.1)
    values = singular_values(layer.weight.detach().double(), "circular", size)
    torch.testing.assert_close(values, expected.clamp(max=bound), rtol=0, atol=2e-4 * bound)


def test_the_crop_breaks_the_bound_by_the_stated_share_which_shrinks_with_repetition() -> None:
    layer = conv(16, 32, 3, padding=1)
    bound = 0.5 * spectral_norm(layer.weight.detach(), "circular", (8, 8))
    regularizer = REGULARIZERS["conv_operator_clip"](bound=bound).attach(layer)
    layer(torch.zeros(1, 16, 8, 8))
    norms = []
    for _ in range(30):
        regularizer.after_step(0.1)
        norms.append(spectral_norm(layer.weight.detach(), "circular", (8, 8)) / bound)
    assert 1.1 < norms[0] < 1.3
    assert norms[9] < 1.04
    assert norms[29] < 1.012


def test_a_convolution_within_the_bound_keeps_its_bits() -> None:
    layer = conv(4, 5, 3, padding=1)
    before = layer.weight.detach().clone()
    regularizer = REGULARIZERS["conv_operator_clip"](bound=50.0).attach(layer)
    layer(torch.zeros(1, 4, 8, 8))
    regularizer.after_step(0.1)
    assert torch.equal(layer.weight, before)


def test_an_operator_clip_before_any_image_is_refused_and_an_evaluation_is_no_image() -> None:
    layer = conv(4, 5, 3)
    regularizer = REGULARIZERS["conv_operator_clip"]().attach(layer)
    layer.eval()(torch.zeros(1, 4, 8, 8))
    with pytest.raises(ValueError, match="known after a forward pass in training mode"):
        regularizer.after_step(0.1)


def test_a_dilated_convolution_has_no_circular_view_here() -> None:
    with pytest.raises(ValueError, match="needs dilation 1"):
        REGULARIZERS["conv_operator_clip"]().attach(conv(2, 2, 3, dilation=2))


def test_each_role_has_its_own_ball() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 9), nn.Linear(9, 4))
    with torch.no_grad():
        for layer in net:
            layer.weight.mul_(10)
    before = net[1].weight.detach().clone()
    settings = REGULARIZERS["norm_ball"](radius=0.5, head_radius=3.0, power_iterations=30)
    settings.attach(net).after_step(0.1)
    first = torch.linalg.matrix_norm(net[0].weight.detach(), 2).item()
    assert first == pytest.approx(0.5 * math.sqrt(9 / 6), rel=1e-3)
    torch.testing.assert_close(net[1].weight, before.clamp(-3 / 9, 3 / 9), rtol=0, atol=0)


def test_an_average_of_two_points_of_the_ball_is_left_alone_bit_for_bit() -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(8, 8, 1)  # no Linear here is the head
    with torch.no_grad():
        layer.weight.copy_(0.9 * oracles.stiefel(layer.weight, 0.1, bound=1.0))
    regularizer = REGULARIZERS["norm_ball"](radius=1.0).attach(layer)
    for seed in range(20):
        direction = torch.randn(8, 8, 1, 1, generator=torch.Generator().manual_seed(seed))
        layer.weight.data = 0.9 * layer.weight.data + 0.0999 * oracles.stiefel(direction, 0.1, bound=1.0).float()
        before = layer.weight.detach().clone()
        regularizer.after_step(0.1)
        assert torch.equal(layer.weight, before)


def stable_rank(weight: Tensor) -> float:
    values = oracles.dense_singular_values(weight)
    return (values.square().sum() / values[0] ** 2).item()


def test_the_stable_rank_cap_keeps_the_leading_value_and_reaches_the_cap() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(30, 20)
    top = oracles.dense_singular_values(layer.weight.detach())[0]
    REGULARIZERS["stable_rank_cap"](fraction=0.2).attach(layer).after_step(0.1)
    assert stable_rank(layer.weight.detach()) == pytest.approx(4.0, rel=1e-3)
    assert oracles.dense_singular_values(layer.weight.detach())[0].item() == pytest.approx(top.item(), rel=1e-3)


def test_the_stable_rank_cap_holds_however_poor_its_estimate_is() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(30, 20)
    regularizer = REGULARIZERS["stable_rank_cap"](fraction=0.2).attach(layer)
    for seed in range(10):  # the estimate was made for another weight
        layer.weight.data = torch.randn(20, 30, generator=torch.Generator().manual_seed(seed))
        regularizer.after_step(0.1)
        assert stable_rank(layer.weight.detach()) <= 4.0 * (1 + 1e-5)


def test_a_cap_of_less_than_one_direction_leaves_one() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(6, 5)
    REGULARIZERS["stable_rank_cap"](fraction=0.1, power_iterations=50).attach(layer).after_step(0.1)
    assert oracles.dense_singular_values(layer.weight.detach())[1] < 1e-5


@pytest.mark.parametrize("fraction", [0.0, 1.5, math.nan], ids=repr)
def test_a_fraction_outside_its_range_is_refused(fraction: float) -> None:
    with pytest.raises(ValueError, match="fraction must be a finite number > 0 and <= 1"):
        REGULARIZERS["stable_rank_cap"](fraction=fraction)
