"""Facts about spectral projection, the spectral norm penalty and spectral weight decay, in every view."""

import copy

import pytest
import torch
from torch import Tensor, nn

from regularizers import REGULARIZERS
from regularizers.measure import measure
from regularizers.spectrum import spectral_norm
from tests.regularizers.layers import convolution, norm_in_view, values_of, with_values

VIEWS = ["flat", "circular", "padded"]
SIZE = (6, 5)


def shown(layer: nn.Conv2d, size: tuple[int, int] = SIZE) -> None:
    """One forward pass in training, which tells the views of images their size."""
    layer.train()(torch.zeros(1, 3, *size, dtype=torch.float64))


def test_a_norm_above_the_bound_comes_down_to_it_and_all_singular_values_with_it() -> None:
    layer = with_values([6.0, 3.0, 1.5], rows=5, columns=4)
    REGULARIZERS["spectral_projection"](bound=2.0).attach(layer).after_step(0.1)
    assert values_of(layer)[:3].tolist() == pytest.approx([2.0, 1.0, 0.5], rel=1e-7)


def test_below_the_bound_not_a_bit_changes_and_torchs_normalization_scales_up() -> None:
    layer = with_values([1.9, 0.3], rows=5, columns=4)
    before = layer.weight.detach().clone()
    regularizer = REGULARIZERS["spectral_projection"](bound=2.0).attach(layer)
    for _ in range(5):
        regularizer.after_step(0.1)
    assert torch.equal(layer.weight, before)
    small = with_values([0.01, 0.003], rows=5, columns=4)
    nn.utils.parametrizations.spectral_norm(small, n_power_iterations=50)
    assert values_of(small)[0].item() == pytest.approx(1.0, rel=1e-2)


def test_the_bound_holds_after_every_step_with_one_warm_iteration() -> None:
    generator = torch.Generator().manual_seed(0)
    layer = nn.Linear(60, 40, bias=False)
    drift = torch.outer(torch.linspace(-1, 1, 40), torch.ones(60))
    regularizer = REGULARIZERS["spectral_projection"](bound=2.0).attach(layer)
    top = []
    for _ in range(150):
        change = torch.randn(40, 60, generator=generator) + drift
        layer.weight.data += 0.02 * change / spectral_norm(change)  # each update is 1 % of the bound
        regularizer.after_step(0.1)
        top.append(values_of(layer)[0].item())
    assert max(top) <= 2.0 * (1 + 1e-3)
    assert top[-1] == pytest.approx(2.0, rel=1e-3)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("view", VIEWS)
def test_a_convolution_is_held_in_the_view_asked_for(view: str, stride: int) -> None:
    layer = convolution(stride)
    layer.weight.data *= 5
    regularizer = REGULARIZERS["spectral_projection"](bound=0.7, view=view, power_iterations=200).attach(layer)
    shown(layer)
    regularizer.after_step(0.1)
    assert norm_in_view(layer, view, SIZE) == pytest.approx(0.7, rel=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 4)], ids=str)
def test_a_kernel_larger_than_the_image_is_held_in_the_circular_view(size: tuple[int, int]) -> None:
    layer = convolution(kernel=5)
    layer.weight.data *= 5
    settings = REGULARIZERS["spectral_projection"](bound=0.7, view="circular", power_iterations=200)
    regularizer = settings.attach(layer)
    shown(layer, size)
    regularizer.after_step(0.1)
    assert norm_in_view(layer, "circular", size) == pytest.approx(0.7, rel=1e-5)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("threshold", [None, 0.2])
def test_the_penalty_and_its_gradient_are_those_of_the_exact_norm(view: str, threshold: float | None) -> None:
    layer = convolution()
    settings = REGULARIZERS["spectral_norm_penalty"](strength=0.3, threshold=threshold, view=view, power_iterations=300)
    regularizer = settings.attach(layer)
    shown(layer)
    regularizer.after_step(0.1)
    norm = norm_in_view(layer, view, SIZE)
    expected = 0.15 * norm**2 if threshold is None else 0.3 * (norm - threshold)
    penalty = regularizer.penalty()
    assert penalty.item() == pytest.approx(expected, rel=1e-6)
    (gradient,) = torch.autograd.grad(penalty, layer.weight)
    step = 1e-6 * torch.randn(layer.weight.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    ends = []
    for sign in (1, -1):
        moved = copy.deepcopy(layer)
        moved.weight.data += sign * step
        end = norm_in_view(moved, view, SIZE)
        ends.append(0.15 * end**2 if threshold is None else 0.3 * (end - threshold))
    assert (gradient * step).sum().item() == pytest.approx((ends[0] - ends[1]) / 2, rel=1e-4)


def test_below_the_threshold_there_is_neither_penalty_nor_gradient() -> None:
    layer = with_values([0.9, 0.5], rows=5, columns=4)
    penalty = REGULARIZERS["spectral_norm_penalty"](strength=0.3, threshold=1.0).attach(layer).penalty()
    (gradient,) = torch.autograd.grad(penalty, layer.weight)
    assert penalty.item() == 0
    assert gradient.count_nonzero() == 0


def test_asking_for_the_penalty_twice_gives_the_same_bits() -> None:
    layer = nn.Linear(9, 8)
    regularizer = REGULARIZERS["spectral_norm_penalty"](strength=0.3).attach(layer)
    layer.weight.data += 0.1
    assert torch.equal(regularizer.penalty(), regularizer.penalty())


def test_decay_shrinks_the_first_singular_value_and_leaves_the_others() -> None:
    layer = with_values([4.0, 2.0, 1.0], rows=5, columns=4)
    REGULARIZERS["spectral_weight_decay"](strength=0.25).attach(layer).before_step(0.1)
    assert values_of(layer)[:3].tolist() == pytest.approx([3.0, 2.0, 1.0], rel=1e-7)


def test_coupled_decay_around_sgd_takes_the_steps_of_the_penalty() -> None:
    x = torch.linspace(-1, 1, 4, dtype=torch.float64)
    results = []
    for name, own in (("spectral_weight_decay", {"coupled": True}), ("spectral_norm_penalty", {})):
        layer = with_values([4.0, 2.0, 1.0], rows=5, columns=4)
        regularizer = REGULARIZERS[name](strength=0.4, power_iterations=100, **own).attach(layer)
        optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
        for _ in range(5):
            optimizer.zero_grad()
            (layer(x).square().mean() + regularizer.penalty()).backward()
            regularizer.before_step(0.1)
            optimizer.step()
            regularizer.after_step(0.1)
        results.append(layer.weight.detach())
    torch.testing.assert_close(*results, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("strength", [0.5, 1.0, 2.0])
def test_decay_with_a_poor_direction_never_raises_the_norm(strength: float) -> None:
    generator = torch.Generator().manual_seed(0)
    layer = nn.Linear(30, 20, bias=False)
    settings = REGULARIZERS["spectral_weight_decay"](strength=strength, coupled=True)
    regularizer = settings.attach(layer)
    for _ in range(20):
        layer.weight.data = torch.randn(20, 30, generator=generator)  # nothing that the old direction fits
        before = values_of(layer)[0].item()
        regularizer.before_step(1.0)
        assert values_of(layer)[0].item() <= before * (1 + 1e-6)


def test_an_uncoupled_strength_above_one_is_refused() -> None:
    with pytest.raises(ValueError, match=r">= 0 and <= 1, got 1\.5; choose e\.g\. 0\.01"):
        REGULARIZERS["spectral_weight_decay"](strength=1.5)


@pytest.mark.parametrize("name", ["spectral_projection", "spectral_norm_penalty"])
class TestViewsOfImages:
    def settings(self, name: str, view: str):
        return REGULARIZERS[name](view=view, **({"bound": 0.5} if "projection" in name else {"strength": 0.1}))

    def train(self, layer: nn.Conv2d, regularizer, seeds: range) -> None:
        for seed in seeds:
            x = torch.randn(2, 3, *SIZE, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
            layer.zero_grad()
            (layer(x).square().mean() + regularizer.penalty()).backward()
            layer.weight.data -= 0.1 * layer.weight.grad
            regularizer.after_step(0.1)

    @pytest.mark.parametrize("view", ["circular", "padded"])
    def test_training_continues_from_a_saved_state_with_the_same_bits(self, name: str, view: str) -> None:
        settings, whole, resumed = self.settings(name, view), convolution(), convolution(seed=3)
        first = settings.attach(whole)
        self.train(whole, first, range(3))
        resumed.load_state_dict(whole.state_dict())
        second = settings.attach(resumed)
        second.load_state_dict(first.state_dict())
        for layer, regularizer in ((whole, first), (resumed, second)):
            self.train(layer, regularizer, range(3, 6))
        assert torch.equal(whole.weight, resumed.weight)

    def test_a_measurement_before_the_first_step_does_not_tell_the_size(self, name: str) -> None:
        layer = convolution().float()
        regularizer = self.settings(name, "circular").attach(layer)
        measure(layer, (3, 9, 9), "circular")
        assert not [key for key in regularizer.state_dict() if key.endswith(".block")]
        layer.train()(torch.zeros(1, 3, *SIZE))
        assert regularizer.state_dict()[".block"].shape == (4, 3, *SIZE)

    def test_without_a_forward_pass_the_view_is_unknown_and_said_so(self, name: str) -> None:
        regularizer = self.settings(name, "padded").attach(nn.Sequential(convolution()))
        with pytest.raises(ValueError, match="known after a forward pass in training mode, got none through '0'"):
            regularizer.after_step(0.1)

    def test_a_linear_is_its_matrix_in_every_view(self, name: str) -> None:
        results: list[Tensor] = []
        for view in VIEWS:
            layer = with_values([3.0, 1.0], rows=5, columns=4)
            regularizer = self.settings(name, view).attach(layer)
            regularizer.after_step(0.1)
            results.append(torch.cat([layer.weight.detach().flatten(), regularizer.penalty().detach().view(1)]))
        assert torch.equal(results[0], results[1])
        assert torch.equal(results[0], results[2])

    @pytest.mark.parametrize(
        ("view", "change", "message"),
        [
            ("circular", {"dilation": 2}, r"needs dilation 1, got \(2, 2\) in '0'"),
            ("padded", {"padding": "same"}, "needs a number of zeros as padding, got padding='same'"),
            ("padded", {"padding": 1, "padding_mode": "reflect"}, "padding_mode='reflect' in '0'"),
        ],
        ids=["dilated", "padded by name", "reflected"],
    )
    def test_a_convolution_that_the_view_does_not_describe_is_refused(self, name, view, change, message) -> None:
        model = nn.Sequential(nn.Conv2d(3, 4, 3, **change))
        with pytest.raises(ValueError, match=message):
            self.settings(name, view).held(model)
        self.settings(name, "flat").held(model)

    def test_an_unknown_view_is_refused_with_the_nearest(self, name: str) -> None:
        with pytest.raises(ValueError, match="did you mean 'circular'"):
            self.settings(name, "circula")


@pytest.mark.parametrize("view", VIEWS)
def test_a_kernel_in_another_memory_layout_is_held_as_well(view: str) -> None:
    kernels = []
    for layout in (torch.contiguous_format, torch.channels_last):
        torch.manual_seed(0)
        layer = nn.Conv2d(3, 8, 3, padding=1).to(memory_format=layout)
        regularizer = REGULARIZERS["spectral_projection"](bound=0.3, view=view).attach(layer)
        layer.train()(torch.zeros(1, 3, 6, 6))
        regularizer.after_step(0.1)
        kernels.append(layer.weight.detach())
    torch.testing.assert_close(*kernels)
