"""Facts about methods that follow a spectral norm in a view of the user's choice."""

import pytest
import torch
from torch import Tensor, nn

from regularizers import REGULARIZERS
from regularizers.measure import measure
from tests.regularizers.layers import IMAGE, convolution, with_values

VIEWS = ["flat", "circular", "padded"]


@pytest.mark.parametrize("name", ["spectral_projection", "spectral_norm_penalty"])
class TestViewsOfImages:
    def settings(self, name: str, view: str):
        return REGULARIZERS[name](view=view, **({"bound": 0.5} if "projection" in name else {"strength": 0.1}))

    def train(self, layer: nn.Conv2d, regularizer, seeds: range) -> None:
        for seed in seeds:
            x = torch.randn(2, 3, *IMAGE, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
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
        layer.train()(torch.zeros(1, 3, *IMAGE))
        assert regularizer.state_dict()[".block"].shape == (4, 3, *IMAGE)

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
