"""Facts about weight decay and the L2 penalty: they are what torch's optimizers do."""

import copy

import pytest
import torch
from torch import nn

from regularizers import REGULARIZERS, RegularizerSettings

LR, STRENGTH = 0.02, 0.3


def train(model: nn.Module, optimizer: torch.optim.Optimizer, settings: RegularizerSettings) -> list[torch.Tensor]:
    regularizer = settings.attach(model)
    generator = torch.Generator().manual_seed(0)
    for _ in range(10):
        x = torch.randn(8, 5, generator=generator, dtype=torch.float64)
        optimizer.zero_grad()
        (model(x).square().mean() + regularizer.penalty()).backward()
        regularizer.before_step(LR)
        optimizer.step()
        regularizer.after_step(LR)
    return [parameter.detach() for parameter in model.parameters()]


@pytest.fixture
def model() -> nn.Module:
    torch.manual_seed(0)
    # Without biases, because torch's weight_decay would decay these too.
    return nn.Sequential(nn.Linear(5, 7, bias=False), nn.Tanh(), nn.Linear(7, 3, bias=False)).double()


def test_decay_around_adam_is_adamw_bit_for_bit(model: nn.Module) -> None:
    twin = copy.deepcopy(model)
    decay = REGULARIZERS["weight_decay"](strength=STRENGTH)
    ours = train(model, torch.optim.Adam(model.parameters(), lr=LR), decay)
    adamw = torch.optim.AdamW(twin.parameters(), lr=LR, weight_decay=STRENGTH)
    theirs = train(twin, adamw, REGULARIZERS["none"]())
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_decay_around_sgd_without_momentum_is_the_weight_decay_of_sgd(model: nn.Module) -> None:
    twin = copy.deepcopy(model)
    decay = REGULARIZERS["weight_decay"](strength=STRENGTH)
    ours = train(model, torch.optim.SGD(model.parameters(), lr=LR), decay)
    sgd = torch.optim.SGD(twin.parameters(), lr=LR, weight_decay=STRENGTH)
    theirs = train(twin, sgd, REGULARIZERS["none"]())
    torch.testing.assert_close(ours, theirs, rtol=1e-13, atol=1e-15)


def test_decay_around_sgd_with_momentum_is_not_the_weight_decay_of_sgd(model: nn.Module) -> None:
    twin = copy.deepcopy(model)
    decay = REGULARIZERS["weight_decay"](strength=STRENGTH)
    ours = train(model, torch.optim.SGD(model.parameters(), lr=LR, momentum=0.9), decay)
    sgd = torch.optim.SGD(twin.parameters(), lr=LR, momentum=0.9, weight_decay=STRENGTH)
    theirs = train(twin, sgd, REGULARIZERS["none"]())
    assert (ours[0] - theirs[0]).abs().max() > 1e-3


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_l2_penalty_around_sgd_is_the_weight_decay_of_sgd(model: nn.Module, momentum: float) -> None:
    twin = copy.deepcopy(model)
    penalty = REGULARIZERS["l2_penalty"](strength=STRENGTH)
    ours = train(model, torch.optim.SGD(model.parameters(), lr=LR, momentum=momentum), penalty)
    sgd = torch.optim.SGD(twin.parameters(), lr=LR, momentum=momentum, weight_decay=STRENGTH)
    theirs = train(twin, sgd, REGULARIZERS["none"]())
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)


def test_the_l2_penalty_is_half_the_strength_times_the_squared_size(model: nn.Module) -> None:
    value = REGULARIZERS["l2_penalty"](strength=STRENGTH).attach(model).penalty()
    squares = sum(parameter.square().sum() for parameter in model.parameters())
    assert value.item() == pytest.approx(0.5 * STRENGTH * squares.item(), rel=1e-12)


@pytest.mark.parametrize("name", ["weight_decay", "l2_penalty"])
def test_strength_zero_is_the_baseline_bit_for_bit(model: nn.Module, name: str) -> None:
    twin = copy.deepcopy(model)
    ours = train(model, torch.optim.Adam(model.parameters(), lr=LR), REGULARIZERS[name](strength=0.0))
    theirs = train(twin, torch.optim.Adam(twin.parameters(), lr=LR), REGULARIZERS["none"]())
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("strength", [-1e-3, float("nan"), float("inf"), "0.1", True], ids=repr)
@pytest.mark.parametrize("name", ["weight_decay", "l2_penalty"])
def test_a_strength_that_is_no_number_of_at_least_zero_is_refused(name: str, strength: object) -> None:
    with pytest.raises(ValueError, match="strength must be a finite number >= 0, got"):
        REGULARIZERS[name](strength=strength)
