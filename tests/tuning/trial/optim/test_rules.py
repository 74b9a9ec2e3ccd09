"""Each update rule against a slow twin in float64, one parameter at a time."""

import copy
import math

import pytest
import torch

from regularizers import REGULARIZERS
from tests.oracles import MeanGradient, at_unit_spectral_norm, dense_singular_values, mapped_singular_values
from tests.tuning.trial.optim.cases import LR, gradients, net, rank_one, roles, stepped
from tuning.settings import HIDDEN_ROLES, NEWTON_SCHULZ, SGD, Adam, Muon, Scion, Spectral
from tuning.trial import build_optimizer

STEPS = 5


def twin(model, direction, *, momentum, nesterov=False, shrink=0.0):
    """The parameters after ``STEPS`` steps along ``direction(name, shape, mean gradient)``."""
    result = {}
    for name, parameter in model.named_parameters():
        mean, weight = MeanGradient(momentum, nesterov), parameter.detach().clone()
        for step in range(STEPS):
            given = mean.after(gradients(model, step)[name])
            weight = (1 - LR * shrink) * weight - LR * direction(name, given)
        result[name] = weight
    return result


def fans(matrix):
    return matrix.shape[0], matrix.shape[1:].numel()


def fan_ratio(matrix):
    m, n = fans(matrix)
    return math.sqrt(m / n)


def at_unit_rms(vector):
    return vector / vector.square().mean().sqrt()


MUON = {
    "default": Muon(),
    "no momentum": Muon(momentum=0.0, nesterov=False),
    "heavy ball": Muon(momentum=0.8, nesterov=False),
    "original": Muon(scale_mode="original"),
    "match_rms_adamw": Muon(scale_mode="match_rms_adamw"),
    **{name: Muon(newton_schulz=name) for name in NEWTON_SCHULZ},
}
SCALES = {
    "fan_ratio": lambda m, n: math.sqrt(m / n),
    "original": lambda m, n: math.sqrt(max(1, m / n)),
    "match_rms_adamw": lambda m, n: 0.2 * math.sqrt(max(m, n)),
}


@pytest.mark.parametrize("settings", MUON.values(), ids=MUON)
def test_muon_is_its_twin_on_hidden_weights_and_torchs_adam_on_the_rest(settings):
    model, role = net(), roles(net())
    steps = NEWTON_SCHULZ[settings.newton_schulz].steps

    def direction(name, mean):
        if role.get(name) not in HIDDEN_ROLES:
            return torch.zeros_like(mean)
        return SCALES[settings.scale_mode](*fans(mean)) * mapped_singular_values(mean, steps)

    expected = twin(model, direction, momentum=settings.momentum, nesterov=settings.nesterov)
    adam = stepped(copy.deepcopy(model), Adam(), lr=settings.auxiliary_learning_rate, steps=STEPS)
    expected |= {name: value for name, value in adam.items() if role.get(name) not in HIDDEN_ROLES}
    torch.testing.assert_close(stepped(model, settings, steps=STEPS), expected, rtol=1e-9, atol=1e-11)


def test_muon_leaves_first_layer_head_biases_and_norms_to_adam():
    rule = build_optimizer(net(), Muon(auxiliary_learning_rate=0.5), LR)
    auxiliary = rule.param_groups[-1]
    # stem (weight, bias), norm (2), the shortcut's bias, three hidden biases, head (weight, bias)
    assert len(auxiliary["params"]) == 10
    assert auxiliary["initial_lr"] == 0.5
    assert [group["initial_lr"] for group in rule.param_groups[:-1]] == [LR] * (len(rule.param_groups) - 1)


def test_the_scale_of_a_convolution_is_that_of_its_flattened_matrix_and_not_of_its_taps():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1), torch.nn.Conv2d(2, 72, 3), torch.nn.Flatten())
    for mode, expected in {"fan_ratio": 2.0, "original": 2.0, "match_rms_adamw": 0.2 * math.sqrt(72)}.items():
        layer = copy.deepcopy(model).double()
        before = layer[1].weight.detach().clone()
        stepped(layer, Muon(scale_mode=mode, newton_schulz="jiacheng"), steps=1)
        change = dense_singular_values(layer[1].weight.detach() - before) / LR
        assert change.max().item() == pytest.approx(expected, rel=0.01)  # from kh and kw: 1, 1 and 0.35


@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("mode", ["original", "match_rms_adamw"])
def test_muon_with_weight_decay_is_torchs_muon_but_for_its_half_precision(mode, nesterov, monkeypatch):
    monkeypatch.setattr(torch.Tensor, "bfloat16", lambda tensor: tensor.clone())
    torch.manual_seed(0)
    model = torch.nn.Sequential(*(torch.nn.Linear(n, m, bias=False) for n, m in [(4, 8), (8, 6), (6, 9), (9, 3)]))
    model, decayed = model.double(), (1, 2)
    theirs = copy.deepcopy(model)
    parameters = [theirs[index].weight for index in decayed]
    optimizer = torch.optim.Muon(
        parameters, lr=LR, weight_decay=0.3, momentum=0.9, nesterov=nesterov, adjust_lr_fn=mode
    )
    for step in range(STEPS):
        for name, parameter in theirs.named_parameters():
            parameter.grad = gradients(theirs, step)[name].clone()
        optimizer.step()
    decay = REGULARIZERS["weight_decay"](strength=0.3, where=["hidden"]).attach(model)
    stepped(model, Muon(momentum=0.9, nesterov=nesterov, scale_mode=mode), steps=STEPS, before=decay.before_step)
    for index in decayed:
        torch.testing.assert_close(model[index].weight, theirs[index].weight, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("constrained", [True, False])
def test_scion_is_its_twin_by_role(constrained):
    settings = Scion(momentum=0.8, constrained=constrained, radius=2.0, head_radius=30.0)
    model, role = net(), roles(net())
    steps = NEWTON_SCHULZ[settings.newton_schulz].steps

    def direction(name, mean):
        if name not in role:
            return 2.0 * at_unit_rms(mean)
        if role[name] == "head":
            return 30.0 * mean.sign() / mean.shape[1]
        taps = mean.shape[2:].numel()  # √(Co/Ci)/(kh·kw), where the flattened matrix has √(Co/(Ci·kh·kw))
        return 2.0 * math.sqrt(mean.shape[0] / mean.shape[1]) / taps * mapped_singular_values(mean, steps)

    expected = twin(model, direction, momentum=0.8, shrink=float(constrained))
    torch.testing.assert_close(stepped(model, settings, steps=STEPS), expected, rtol=1e-9, atol=1e-11)


def test_scion_tells_convolutions_of_one_matrix_shape_apart_by_their_taps():
    torch.manual_seed(0)
    layers = [torch.nn.Conv2d(3, 4, 1), torch.nn.Conv2d(4, 36, 1), torch.nn.Conv2d(36, 4, 1), torch.nn.Conv2d(4, 4, 3)]
    model = torch.nn.Sequential(*layers).double()
    before = copy.deepcopy(model)
    stepped(model, Scion(constrained=False, newton_schulz="jiacheng"), steps=1)
    for index, scale in {2: math.sqrt(4 / 36), 3: 1 / 9}.items():
        change = (model[index].weight - before[index].weight).detach() / LR
        assert dense_singular_values(change)[0].item() == pytest.approx(scale, rel=0.01)


def test_constrained_scion_keeps_in_its_balls_what_starts_there():
    settings = Scion(momentum=0.5, radius=3.0, head_radius=5.0)
    model, role = net(), roles(net())
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if role.get(name) == "head":
                torch.nn.init.constant_(parameter, 5.0 / parameter.shape[1])
            elif name in role:
                torch.nn.init.orthogonal_(parameter, gain=3.0 * fan_ratio(parameter))
    after = stepped(model, settings, steps=100, lr=0.3)
    kappa = NEWTON_SCHULZ[settings.newton_schulz].high
    for name, value in after.items():
        if role.get(name) == "head":
            assert value.abs().max() <= 5.0 / value.shape[1] * (1 + 1e-12)
        elif name in role:
            assert dense_singular_values(value)[0] <= 3.0 * kappa * fan_ratio(value)
        else:
            assert value.square().mean().sqrt() <= 3.0 * (1 + 1e-12)


def test_the_spectral_update_is_its_twin_with_exact_norms():
    settings = Spectral(momentum=0.8, power_iterations=400)
    model, role = net(), roles(net())

    def direction(name, mean):
        return fan_ratio(mean) * at_unit_spectral_norm(mean) if name in role else at_unit_rms(mean)

    expected = twin(model, direction, momentum=0.8)
    torch.testing.assert_close(stepped(model, settings, steps=STEPS), expected, rtol=1e-6, atol=1e-8)


def test_the_spectral_update_follows_a_gradient_that_stays_to_its_norm():
    model = net()
    constant = {name: parameter for name, parameter in gradients(model, 0).items()}
    before = stepped(model, Spectral(power_iterations=1), steps=200, gradient=lambda *_: constant)
    after = stepped(model, Spectral(power_iterations=1), steps=200, gradient=lambda *_: constant)
    for name in roles(model):
        lengths = dense_singular_values(after[name] - before[name])[0] / (200 * LR * fan_ratio(after[name]))
        assert lengths.item() == pytest.approx(1.0, abs=2e-3)


def test_the_spectral_update_is_never_too_short_and_too_long_by_the_root_of_the_short_side_at_most():
    for seed in range(20):
        model = net()
        before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
        after = stepped(
            model, Spectral(momentum=0.0, power_iterations=1), steps=1, gradient=lambda m, s, k=seed: gradients(m, s, k)
        )
        for name in roles(model):
            length = dense_singular_values(after[name] - before[name])[0] / (LR * fan_ratio(after[name]))
            assert 1 - 1e-9 <= length <= math.sqrt(min(fans(after[name])))


def test_a_start_in_the_gradients_null_space_leaves_the_spectral_update_bounded():
    model = net()
    first = {name: torch.zeros_like(value) for name, value in model.named_parameters()}
    for name in roles(model):
        first[name].flatten(1)[:, 0] = 1.0
    second = {name: rank_one(value.shape).double() for name, value in model.named_parameters() if value.ndim > 1}
    for name in second:
        second[name].flatten(1)[:, 0] = 0.0
    rule = build_optimizer(model, Spectral(momentum=0.0), LR)
    for given in (first, second):
        before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
        for name, parameter in model.named_parameters():
            parameter.grad = given.get(name, first[name]).clone()
        rule.step()
    for name, value in model.named_parameters():
        if name in second:
            length = dense_singular_values(value.detach() - before[name])[0] / (LR * fan_ratio(value))
            assert 1 - 1e-9 <= length <= math.sqrt(min(fans(value))) + 1e-9


def test_sgd_and_adam_with_decay_are_torchs_sgd_and_adamw_bit_for_bit():
    for settings, theirs, strength in (
        (SGD(momentum=0.8, nesterov=True), lambda p: torch.optim.SGD(p, lr=LR, momentum=0.8, nesterov=True), 0.0),
        (Adam(beta1=0.8, beta2=0.95), lambda p: torch.optim.AdamW(p, LR, (0.8, 0.95), 1e-8, 0.1), 0.1),
    ):
        layers = [torch.nn.Linear(4, 5, bias=False), torch.nn.Linear(5, 3, bias=False)]
        model = torch.nn.Sequential(*layers)
        other = copy.deepcopy(model)
        decay = REGULARIZERS["weight_decay"](strength=strength).attach(model)
        ours = stepped(model, settings, steps=STEPS, before=decay.before_step)
        optimizer = theirs(other.parameters())
        for step in range(STEPS):
            for name, parameter in other.named_parameters():
                parameter.grad = gradients(other, step)[name].clone()
            optimizer.step()
        assert all(torch.equal(value, ours[name]) for name, value in other.named_parameters())
