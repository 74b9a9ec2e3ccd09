"""Facts about spectral weight decay."""

import pytest
import torch
from torch import nn

from regularizers import REGULARIZERS
from tests.regularizers.layers import values_of, with_values


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
