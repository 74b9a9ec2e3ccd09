"""What every update rule promises: its bound, no waiting for a GPU, nothing moved by nothing."""

import math

import pytest
import torch

from regularizers import REGULARIZERS
from tests.oracles import dense_singular_values, mapped_singular_values
from tests.tuning.studies import study
from tests.tuning.trial.optim.cases import HARD, LR, gradients, net, roles, stepped
from tuning.engine.preflight import check_study
from tuning.settings import HIDDEN_ROLES, NEWTON_SCHULZ, OPTIMIZERS, SGD, Adam, Muon, Scion, Spectral
from tuning.trial import build_optimizer
from tuning.trial.optim.newton_schulz import orthogonalized

RULES = {
    "sgd": SGD(),
    "adam": Adam(),
    "muon": Muon(),
    "muon original": Muon(scale_mode="original"),
    **{f"muon {name}": Muon(newton_schulz=name) for name in NEWTON_SCHULZ},
    "scion": Scion(radius=2.0, head_radius=8.0),
    "scion unconstrained": Scion(constrained=False, newton_schulz="jiacheng"),
    "spectral": Spectral(),
}
BOUNDED = {name: settings for name, settings in RULES.items() if settings.update_bounds}


def test_every_optimizer_is_tried_here():
    assert {type(settings) for settings in RULES.values()} == set(OPTIMIZERS.values())


def test_only_rules_whose_step_has_a_set_length_state_a_bound():
    assert set(BOUNDED) == set(RULES) - {"sgd", "adam", "muon original", "spectral"}
    assert set(RULES["muon"].update_bounds) == set(HIDDEN_ROLES)
    assert set(RULES["scion"].update_bounds) == {"first", "head", *HIDDEN_ROLES}


@pytest.mark.parametrize("hard", [*HARD, "random"])
@pytest.mark.parametrize("settings", BOUNDED.values(), ids=BOUNDED)
def test_no_gradient_makes_an_update_longer_than_its_bound(settings, hard):
    model = net(torch.float32)
    role = roles(model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()  # so that the constrained form's decay, which is no update, takes nothing

    def gradient(model, step):
        if hard == "random":
            return gradients(model, step)
        return {name: HARD[hard](parameter.shape) for name, parameter in model.named_parameters()}

    after = stepped(model, settings, steps=1, gradient=gradient)
    for name, value in after.items():
        assert value.isfinite().all()
        if role.get(name) in settings.update_bounds:
            unit = LR * math.sqrt(value.shape[0] / value.shape[1:].numel())
            assert dense_singular_values(value)[0] <= unit * settings.update_bounds[role[name]] * (1 + 1e-5)


@pytest.mark.parametrize("name", ["muon", "scion unconstrained", "spectral"])
def test_a_gradient_and_its_billionth_part_make_the_same_step(name):
    hidden = {weight for weight, role in roles(net()).items() if role in HIDDEN_ROLES}
    large = stepped(net(), RULES[name], steps=1)
    small = stepped(
        net(), RULES[name], steps=1, gradient=lambda m, s: {k: 1e-9 * g for k, g in gradients(m, s).items()}
    )
    for weight in hidden:
        torch.testing.assert_close(small[weight], large[weight], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("settings", RULES.values(), ids=RULES)
def test_a_parameter_without_a_gradient_stays_its_bits(settings):
    model = net(torch.float32)
    rule = build_optimizer(model, settings, LR)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    for name, parameter in model.named_parameters():
        if "hidden.1" not in name:
            parameter.grad = gradients(model, 0)[name].clone()
    rule.step()
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, before[name]) == ("hidden.1" in name)


@pytest.mark.parametrize("settings", RULES.values(), ids=RULES)
def test_a_step_reads_no_number_out_of_a_tensor(settings):
    """Tensors of the meta device have none to read: a GPU would have to wait where this one refuses."""
    model = net(torch.float32).to("meta")
    rule = build_optimizer(model, settings, LR)
    for _ in range(2):
        for parameter in model.parameters():
            parameter.grad = torch.zeros_like(parameter)
        rule.step()


@pytest.mark.parametrize("settings", RULES.values(), ids=RULES)
def test_a_rule_continued_from_its_state_takes_the_same_steps(settings):
    whole = stepped(net(torch.float32), settings, steps=4)
    model = net(torch.float32)
    rules = [build_optimizer(model, settings, LR), build_optimizer(model, settings, LR)]
    for step in range(4):
        for name, parameter in model.named_parameters():
            parameter.grad = gradients(model, step)[name].clone()
        if step == 2:
            rules[1].load_state_dict(rules[0].state_dict())
        rules[step // 2].step()
    assert all(torch.equal(parameter, whole[name]) for name, parameter in model.named_parameters())


def test_muon_with_decay_never_exceeds_the_bound_over_the_decay():
    """Where the gradient always points one way, the norm comes to κ/λ, more than the 1/λ of an exact polar factor."""
    strength, settings = 0.5, Muon(momentum=0.0, nesterov=False)
    kappa = NEWTON_SCHULZ["jordan"].high
    model = net()
    decay = REGULARIZERS["weight_decay"](strength=strength).attach(model)
    peak = 0.00411136  # where Jordan's polynomial is highest

    def gradient(model, step):
        given = gradients(model, step)
        for name in roles(model):
            matrix = given[name].flatten(1)
            torch.nn.init.eye_(matrix).mul_(peak)
            matrix[0, 0] = 1.0
        return given

    after = stepped(model, settings, steps=300, lr=0.2, before=decay.before_step, gradient=gradient)
    for name, role in roles(model).items():
        if role in HIDDEN_ROLES:
            unit = math.sqrt(after[name].shape[0] / after[name].shape[1:].numel())
            norm = dense_singular_values(after[name])[0].item() / unit
            assert norm == pytest.approx(kappa / strength, rel=1e-3)
            assert norm <= kappa / strength


@pytest.mark.parametrize("name", NEWTON_SCHULZ)
def test_newton_schulz_steps_map_singular_values_into_their_stated_range(name):
    coefficients = NEWTON_SCHULZ[name]
    s = torch.logspace(-8, 0, 400_001, dtype=torch.float64)
    out = s
    for a, b, c in coefficients.steps:
        out = a * out + b * out**3 + c * out**5
    usual = out[s >= 0.01]
    assert coefficients.low <= usual.min() < coefficients.low + 2e-4
    assert coefficients.high - 2e-4 < out.max() <= coefficients.high
    assert out.min() >= 0


@pytest.mark.parametrize("shape", [(3, 5, 9), (3, 9, 5), (1, 7, 7), (2, 1, 6), (2, 6, 1)], ids=str)
@pytest.mark.parametrize("name", NEWTON_SCHULZ)
def test_orthogonalization_is_its_twin_matrix_by_matrix(name, shape):
    torch.manual_seed(0)
    stack = torch.randn(shape, dtype=torch.float64)
    ours = orthogonalized(stack, NEWTON_SCHULZ[name])
    for matrix, result in zip(stack, ours, strict=True):
        torch.testing.assert_close(result, mapped_singular_values(matrix, NEWTON_SCHULZ[name].steps))


def test_a_model_without_hidden_weights_is_refused_by_muon():
    with pytest.raises(ValueError, match=r"needs a weight of role hidden.*first, head; choose a deeper one"):
        build_optimizer(torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Linear(5, 3)), Muon(), LR)


def test_a_study_that_gives_muon_such_a_model_is_refused_before_its_first_trial():
    the_study = study(conditions={"fast": {"regularizer": "none", "optimizer": "muon"}})
    with pytest.raises(ValueError, match="condition fast on mlp-tiny: optimizer muon needs a weight of role hidden"):
        check_study(the_study)
