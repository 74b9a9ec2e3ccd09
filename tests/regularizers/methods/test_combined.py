"""Facts about combined regularizers: the order of the hooks, shared weights, and their state."""

import pytest
import torch
from torch import nn

from regularizers import REGULARIZERS
from regularizers.methods.combined import Combined
from tests.regularizers.layers import values_of, with_values


def part(name: str, **own: object):
    return REGULARIZERS[name](**own)


def mlp() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 3))


DECAY, PENALTY = part("weight_decay", strength=2.0), part("l2_penalty", strength=0.3)
PROJECTION = part("spectral_projection", bound=1.0)


@pytest.mark.parametrize("parts", [[PENALTY, DECAY, PROJECTION], [PROJECTION, DECAY, PENALTY]], ids=["in order", "not"])
def test_penalty_decay_step_projection_is_the_order_whatever_the_list(parts) -> None:
    layer = with_values([4.0, 1.0], rows=4, columns=4)
    regularizer = Combined(parts=parts).attach(layer)
    assert regularizer.penalty().item() == pytest.approx(0.15 * 17, rel=1e-12)
    regularizer.before_step(0.25)
    assert values_of(layer)[:2].tolist() == pytest.approx([2.0, 0.5])
    layer.weight.data *= 4  # the step
    regularizer.after_step(0.25)
    assert values_of(layer)[:2].tolist() == pytest.approx([1.0, 0.25])


def test_of_two_projections_of_one_weight_the_last_listed_keeps_its_promise() -> None:
    frobenius, bounds = part("frobenius_norm_scaling"), part("spectral_projection", bound=0.5)
    for parts, norm in (([frobenius, bounds], 0.5), ([bounds, frobenius], 3.0)):
        layer = with_values([3.0], rows=4, columns=4)
        Combined(parts=parts).attach(layer).after_step(0.1)
        assert values_of(layer)[0].item() == pytest.approx(norm)


def test_one_part_alone_is_that_part_bit_for_bit() -> None:
    layers = [nn.Linear(6, 5, bias=False) for _ in range(2)]
    layers[1].load_state_dict(layers[0].state_dict())
    settings = part("spectral_norm_scaling", scale=2.0)
    for layer, method in zip(layers, (settings, Combined(parts=[settings])), strict=True):
        regularizer = method.attach(layer)
        for _ in range(3):
            regularizer.after_step(0.1)
    assert torch.equal(layers[0].weight, layers[1].weight)


def test_where_is_for_the_parts_that_state_none_themselves() -> None:
    model = mlp()
    head = part("weight_decay", strength=0.5, where=["head"])
    before = [layer.weight.detach().clone() for layer in model[::2]]
    regularizer = Combined(where=["hidden"], parts=[head, part("weight_decay", strength=0.25)]).attach(model)
    regularizer.before_step(1.0)
    factors = [layer.weight.detach() / old for layer, old in zip(model[::2], before, strict=True)]
    assert [round(factor.mean().item(), 6) for factor in factors] == [1.0, 0.75, 0.5]
    assert [target.name for target in regularizer.targets] == ["4", "2"]


@pytest.mark.parametrize("name", ["spectral_normalization", "weight_normalization"])
@pytest.mark.parametrize("first", [True, False], ids=["listed first", "listed last"])
def test_a_reparametrized_weight_is_not_shared_with_another_part(name: str, first: bool) -> None:
    parts = [part(name), DECAY] if first else [DECAY, part(name)]
    with pytest.raises(ValueError, match=r"held by one part alone, got '0' in parts\.\d and parts\.\d; give them"):
        Combined(parts=parts).held(mlp())


def test_a_reparametrization_and_another_part_may_hold_different_weights() -> None:
    model = mlp()
    parts = [part("weight_decay", strength=0.5, where=["head"]), part("spectral_normalization", where=["hidden"])]
    regularizer = Combined(parts=parts).attach(model)
    before = model[4].weight.detach().clone()
    regularizer.before_step(1.0)
    regularizer.after_step(1.0)
    torch.testing.assert_close(model[4].weight.detach(), 0.5 * before)
    assert values_of(model[2])[0].item() == pytest.approx(1.0, rel=1e-4)


def test_the_state_of_each_part_is_kept_after_its_number() -> None:
    layer = nn.Linear(6, 5)
    parts = [part("spectral_projection", bound=1.0), DECAY, part("frobenius_norm_scaling")]
    state = Combined(parts=parts).attach(layer).state_dict()
    assert list(state) == ["0.steps", "0..block", "2.steps", "2..radius"]


def test_a_part_that_holds_nothing_is_named() -> None:
    with pytest.raises(ValueError, match=r"parts\.1: where must match a weight, got conv"):
        Combined(parts=[DECAY, part("l2_penalty", strength=0.1, where=["conv"])]).held(mlp())


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], "combined must have one or more parts, got"),
        ("weight_decay", "combined must have one or more parts, got 'weight_decay'"),
        ([DECAY, "none"], r"parts\.1 must be settings of another regularizer, got str"),
        ([Combined(parts=[DECAY])], r"parts\.0 must be settings of another regularizer, got Combined"),
    ],
    ids=["none", "a name", "a name inside", "nested"],
)
def test_parts_that_are_no_settings_are_refused(parts, message) -> None:
    with pytest.raises(ValueError, match=message):
        Combined(parts=parts)


@pytest.mark.parametrize("name", ["stiefel_projection", "spectral_norm_scaling", "frobenius_norm_scaling"])
def test_a_soft_cap_is_refused_beside_a_part_that_raises_norms(name: str) -> None:
    cap = part("spectral_soft_cap", bound=1.0)
    with pytest.raises(ValueError, match=r"a soft cap holds what .* parts\.1 and parts\.0"):
        Combined(parts=[part(name), cap]).held(mlp())
    Combined(parts=[part(name, where=["head"]), part("spectral_soft_cap", bound=1.0, where=["hidden"])]).held(mlp())


def test_a_part_of_a_combination_is_asked_too() -> None:
    combined = REGULARIZERS["combined"](parts=[REGULARIZERS["none"](), REGULARIZERS["spectral_soft_cap"]()])
    with pytest.raises(ValueError, match=r"parts.1: a soft cap needs updates of bounded norm"):
        combined.check_training(0.1, {})
