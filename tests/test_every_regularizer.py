"""One conformance suite over every regularizer. A new one is a row of the table in ``tests/cases.py``."""

import copy
from dataclasses import fields

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from regularizers import REGULARIZERS
from regularizers.holding.leading import Leading
from regularizers.measure import measure
from tests import oracles
from tests.cases import LAYERS, LR, ROWS, Net, Training, attached

every_regularizer = pytest.mark.parametrize("name", list(REGULARIZERS))
every_layer = pytest.mark.parametrize("layer", list(LAYERS))


def same_bits(state: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return state.keys() == other.keys() and all(torch.equal(state[key], other[key]) for key in state)


def top_of(weight: Tensor) -> float:
    return oracles.dense_singular_values(weight)[0].item()


def test_the_table_has_a_row_for_every_regularizer_and_no_other() -> None:
    assert ROWS.keys() == REGULARIZERS.keys()
    assert all(type(row.settings) is REGULARIZERS[name] for name, row in ROWS.items())


@every_regularizer
def test_the_example_of_a_method_has_all_that_its_settings_need(name: str) -> None:
    assert isinstance(REGULARIZERS[name](**REGULARIZERS[name].example), REGULARIZERS[name])


@every_layer
@every_regularizer
def test_one_pass_of_the_hooks_equals_the_slow_exact_twin(name: str, layer: str) -> None:
    net = Net(layer)
    expected = ROWS[name].twin(net.held.weight.detach().clone(), LR)
    regularizer = attached(name, net)
    regularizer.before_step(LR)
    regularizer.after_step(LR)
    torch.testing.assert_close(net.held.weight.detach().double(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["spectral_norm_scaling", "spectral_weight_decay", "stable_rank_cap", "combined"])
def test_a_method_with_the_sign_of_its_correction_flipped_fails_this_suite(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Leading.add
    monkeypatch.setattr(Leading, "add", lambda self, triplets, amounts: add(self, triplets, -amounts))
    with pytest.raises(AssertionError, match="Tensor-likes are not close"):
        test_one_pass_of_the_hooks_equals_the_slow_exact_twin(name, "linear")


@every_layer
@every_regularizer
def test_weights_stay_finite_and_the_promised_norm_holds_while_training(name: str, layer: str) -> None:
    training, row = Training(name, layer), ROWS[name]
    for number in range(25):
        training.step(number)
        assert training.held.isfinite().all()
        if row.norm is not None and row.at_most:
            assert top_of(training.held) <= row.norm(training.held) * (1 + row.tolerance)
    if row.norm is not None and not row.at_most:
        assert top_of(training.held) == pytest.approx(row.norm(training.held), rel=row.tolerance)


@every_layer
@every_regularizer
def test_the_penalty_equals_the_slow_exact_twin(name: str, layer: str) -> None:
    net, row = Net(layer), ROWS[name]
    expected = row.penalty(net.held.weight.detach())
    regularizer = attached(name, net)
    assert regularizer.penalty().item() == pytest.approx(expected, rel=1e-4, abs=1e-9)


@every_layer
@every_regularizer
def test_a_weight_that_is_what_the_method_wants_is_left_alone(name: str, layer: str) -> None:
    net, row = Net(layer), ROWS[name]
    net.held.weight.data = row.resting(net.held.weight.detach())
    before = net.held.weight.detach().clone()
    regularizer = attached(name, net)
    for _ in range(3):
        regularizer.before_step(LR)
        regularizer.after_step(LR)
    if row.at_most:
        assert torch.equal(net.held.weight.detach(), before)
    torch.testing.assert_close(net.held.weight.detach(), before, rtol=1e-5, atol=1e-6)


@every_layer
@every_regularizer
def test_training_continues_from_a_saved_state_with_the_same_bits(name: str, layer: str) -> None:
    whole = Training(name, layer)
    for number in range(3):
        whole.step(number)
    saved = copy.deepcopy((
        whole.net.state_dict(),
        whole.optimizer.state_dict(),
        whole.regularizer.state_dict(),
    ))
    for number in range(3, 6):
        whole.step(number)

    resumed = Training(name, layer, seed=7)
    resumed.net.load_state_dict(saved[0])
    resumed.optimizer.load_state_dict(saved[1])
    resumed.regularizer.load_state_dict(saved[2])
    for number in range(3, 6):
        resumed.step(number)
    assert same_bits(resumed.net.state_dict(), whole.net.state_dict())
    assert same_bits(resumed.regularizer.state_dict(), whole.regularizer.state_dict())


@every_regularizer
def test_saved_state_does_not_change_with_later_steps(name: str) -> None:
    training = Training(name, "linear")
    saved = training.regularizer.state_dict()
    kept = copy.deepcopy(saved)
    training.step(0)
    assert same_bits(saved, kept)


@every_regularizer
def test_a_state_of_something_else_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"state must have the names and shapes .* got .*stranger"):
        Training(name, "linear").regularizer.load_state_dict({"stranger": torch.zeros(2)})


@every_layer
@every_regularizer
def test_nothing_but_the_held_weight_is_touched(name: str, layer: str) -> None:
    net = Net(layer)
    others = {key: value.clone() for key, value in net.state_dict().items() if key != "held.weight"}
    random_state = torch.get_rng_state()
    regularizer = attached(name, net)
    penalty = regularizer.penalty()
    if penalty.requires_grad:
        penalty.backward()
    regularizer.before_step(LR)
    regularizer.after_step(LR)
    after = net.state_dict()
    assert same_bits({key: after[key] for key in others}, others)
    assert torch.equal(torch.get_rng_state(), random_state)
    (target,) = regularizer.targets
    assert all(p.grad is None for p in net.parameters() if p is not target.parameter)


@every_layer
@every_regularizer
def test_the_gradient_of_the_penalty_agrees_with_finite_differences(name: str, layer: str) -> None:
    net = Net(layer).double()
    regularizer = attached(name, net)
    (target,) = regularizer.targets
    trained = target.parameter
    penalty = regularizer.penalty()
    assert penalty.shape == ()
    assert penalty.dtype == trained.dtype
    gradient = torch.zeros_like(trained)
    if penalty.requires_grad:
        (gradient,) = torch.autograd.grad(penalty, trained)
    direction = torch.randn(trained.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    values = []
    for shift in (1e-4, -2e-4):  # to +1e-4, then from there to −1e-4
        trained.data.add_(direction, alpha=shift)
        values.append(regularizer.penalty().item())
    slope = (values[0] - values[1]) / 2e-4
    assert (gradient * direction).sum().item() == pytest.approx(slope, rel=1e-6, abs=1e-9)


class NoReading(TorchDispatchMode):
    """Fails where a Python number is read out of a tensor: on a GPU every such place makes the host wait."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        assert func is not torch.ops.aten._local_scalar_dense.default, "a number was read out of a tensor"
        return func(*args, **(kwargs or {}))


def test_the_probe_for_reading_numbers_finds_one() -> None:
    with NoReading(), pytest.raises(AssertionError, match="read out of a tensor"):
        torch.ones(()).item()


@every_layer
@every_regularizer
def test_no_number_is_read_out_of_a_tensor_inside_a_step(name: str, layer: str) -> None:
    training = Training(name, layer)
    with NoReading():
        training.net.held.weight.sum().backward()
        training.regularizer.penalty()
        training.regularizer.before_step(LR)
        training.regularizer.after_step(LR)


@every_layer
@every_regularizer
def test_training_with_and_without_measuring_gives_the_same_bits(name: str, layer: str) -> None:
    watched, alone = Training(name, layer), Training(name, layer)
    for number in range(3):
        watched.step(number)
        alone.step(number)
        gradients = {key: p.grad.clone() for key, p in watched.net.named_parameters() if p.grad is not None}
        torch.manual_seed(number)
        random_state = torch.get_rng_state()
        for view in ("flat", "circular"):
            measure(watched.net, watched.net.input_shape, view)
        assert torch.equal(torch.get_rng_state(), random_state)
        assert all(module.training for module in watched.net.modules())
        assert same_bits({key: p.grad for key, p in watched.net.named_parameters() if key in gradients}, gradients)
        assert same_bits(watched.net.state_dict(), alone.net.state_dict())
        assert same_bits(watched.regularizer.state_dict(), alone.regularizer.state_dict())


@every_regularizer
def test_a_deep_copy_of_the_model_computes_the_same(name: str) -> None:
    training = Training(name, "linear")
    training.step(0)
    twin = copy.deepcopy(training.net).eval()
    x = torch.linspace(-1, 1, 8).view(2, 4)
    assert torch.equal(twin(x), training.net.eval()(x))


@every_regularizer
def test_settings_refuse_unknown_roles_and_take_a_list(name: str) -> None:
    row = ROWS[name]
    values = {field.name: getattr(row.settings, field.name) for field in fields(row.settings) if field.name != "where"}
    with pytest.raises(ValueError, match="did you mean 'hidden'"):
        REGULARIZERS[name](**values, where=("hiden",))
    with pytest.raises(ValueError, match="where must list roles, got 'hidden'"):
        REGULARIZERS[name](**values, where="hidden")
    assert REGULARIZERS[name](**values, where=["hidden"]) == row.settings


@pytest.mark.parametrize("name", [name for name in REGULARIZERS if name != "none"])
def test_a_weight_cannot_be_held_once_it_is_reparametrized(name: str) -> None:
    net = Net("linear")
    REGULARIZERS["spectral_normalization"]().attach(net)
    with pytest.raises(ValueError, match="attach to a freshly built model"):
        ROWS[name].settings.attach(net)
