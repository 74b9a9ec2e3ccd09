"""Facts about the spectral soft cap."""

import pytest
import torch
from torch import Tensor, nn

from regularizers import REGULARIZERS
from regularizers.linalg.caps import SOFT_CAP_LIMIT
from tests import oracles
from tests.regularizers.layers import rms_norm


def push(layer: nn.Linear, size: float, seed: int) -> None:
    """The largest update of that RMS→RMS norm: along the leading singular vectors, or along all, as Muon's."""
    generator = torch.Generator().manual_seed(seed)
    direction = layer.weight.detach() if seed % 2 else torch.randn(layer.weight.shape, generator=generator)
    layer.weight.data += oracles.fan_ratio_norm(layer.weight, size) * oracles.polar(direction).to(layer.weight)


@pytest.mark.parametrize(("rows", "columns"), [(8, 32), (32, 8), (16, 16)], ids=["wide", "tall", "square"])
@pytest.mark.parametrize("every", [1, 3])
def test_the_soft_cap_holds_its_bound_against_the_worst_updates_of_a_schedule(rows, columns, every: int) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(columns, rows, bias=False, dtype=torch.float64)
    regularizer = REGULARIZERS["spectral_soft_cap"](bound=1.0, update_bound=1.2, every=every).attach(layer)
    for step in range(1, 61):
        lr = SOFT_CAP_LIMIT / 1.2 / every * (1 - step / 80)
        push(layer, 1.2 * lr, step)
        regularizer.after_step(lr)
        if step % every == 0:
            assert rms_norm(layer) <= 1 + 1e-6
    assert rms_norm(layer) > 0.9  # and it is no stronger than it must be


def test_dividing_the_update_by_the_fan_ratio_once_more_would_break_the_bound() -> None:
    layer = nn.Linear(8, 128, bias=False, dtype=torch.float64)  # √(fan_out / fan_in) = 4
    nn.init.zeros_(layer.weight)
    wrong = REGULARIZERS["spectral_soft_cap"](bound=6.0, update_bound=0.25).attach(layer)
    for step in range(1, 400):
        push(layer, 0.2, 1 if step > 1 else 0)
        wrong.after_step(0.2)
    assert rms_norm(layer) == pytest.approx(7.85, abs=0.01)  # the equilibrium of the authors' own code


def test_a_weight_above_the_bound_is_scaled_down_when_the_soft_cap_is_attached_and_others_keep_their_bits() -> None:
    net = nn.Sequential(nn.Linear(40, 30), nn.Linear(30, 30))
    with torch.no_grad():
        net[0].weight.mul_(10)
    small = net[1].weight.detach().clone()
    REGULARIZERS["spectral_soft_cap"](bound=1.5).attach(net)
    assert rms_norm(net[0]) == pytest.approx(1.5, rel=1e-4)
    assert torch.equal(net[1].weight, small)


def test_a_learning_rate_that_the_soft_cap_cannot_make_good_is_refused_while_training() -> None:
    regularizer = REGULARIZERS["spectral_soft_cap"](bound=1.0, update_bound=1.0, every=2).attach(nn.Linear(3, 3))
    regularizer.after_step(0.2)
    with pytest.raises(ValueError, match=r"only where update/bound <= 0.3065, got update 0.4 and bound 1"):
        regularizer.after_step(0.2)


MUON = dict.fromkeys(("hidden", "conv", "downsample"), 1.2025)


@pytest.mark.parametrize(
    ("fields", "bounds", "message"),
    [
        ({}, {}, r"needs updates of bounded norm.* bounds those of roles: none, and not 'hidden'; choose muon"),
        ({}, MUON, r"hidden, conv, downsample, and not 'head'.* e.g. \[hidden, conv\]"),
        ({"where": ["hidden"], "update_bound": 1.0}, MUON, "at least the optimizer's own, 1.2025 .* got 1; raise it"),
        ({"where": ["hidden"], "every": 4}, MUON, "a ratio of 0.481"),
    ],
    ids=["adam", "muon with the head", "a larger bound", "a large learning rate"],
)
def test_the_soft_cap_refuses_a_training_whose_updates_it_cannot_make_good(fields, bounds, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        REGULARIZERS["spectral_soft_cap"](**fields).check_training(0.1, bounds)


def test_the_soft_cap_takes_a_training_whose_updates_are_bounded_and_other_methods_take_any() -> None:
    REGULARIZERS["spectral_soft_cap"](where=["hidden"]).check_training(0.1, MUON)
    REGULARIZERS["spectral_hard_cap"]().check_training(1e3, {})


def tensors(weights: dict[str, Tensor]) -> list[Tensor]:
    return list(weights.values())


def test_the_soft_cap_goes_on_in_the_middle_of_a_period_with_the_same_bits() -> None:
    settings, results = REGULARIZERS["spectral_soft_cap"](bound=1.0, update_bound=1.0, every=3), []
    for stop in (None, 4):
        torch.manual_seed(0)
        layer = nn.Linear(5, 5)
        regularizer = settings.attach(layer)
        for step in range(1, 8):
            if step == stop:
                saved, regularizer = regularizer.state_dict(), settings.attach(layer)
                regularizer.load_state_dict(saved)
            push(layer, 0.01 * step, step)
            regularizer.after_step(0.01 * step)
        results.append((layer.weight.detach(), regularizer.state_dict()))
    assert torch.equal(results[0][0], results[1][0])
    assert all(torch.equal(*pair) for pair in zip(tensors(results[0][1]), tensors(results[1][1]), strict=True))
