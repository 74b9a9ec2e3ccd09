"""Settings with something changed in them: what is named changes, and nothing else."""

from dataclasses import replace

import pytest

from regularizers.methods.none import NoRegularization
from regularizers.methods.spectral_norm_scaling import SpectralNormScaling
from regularizers.methods.weight_decay import WeightDecay
from tests.tuning.studies import settings
from tuning.settings import Adam, Muon, Schedule, to_flat
from tuning.settings.overrides import overridden, read_override

WHOLE = {
    "regularizer": "spectral_norm_scaling",
    "scale": {"uniform": [1, 3]},
    "target": "shared",
    "where": ["hidden", "head"],
    "optimizer": {"name": "muon", "momentum": 0.8},
    "initialization": "orthogonal",
}
PARTS = [
    {"regularizer": "weight_decay", "strength": 0.01, "where": ["hidden"]},
    {"regularizer": "spectral_projection", "bound": 2.0, "every": 5},
]
PLAN = {
    "epochs": 3,
    "optimizer": "adam",
    "schedule": {"name": "multi_step", "milestones": [0.5], "gamma": 0.1, "warmup": 0.2},
}


def whole(condition=None):
    return settings(conditions={"whole": condition or WHOLE}, training=PLAN)


def changed(change, condition=None):
    """The flat settings that differ between the whole and the changed."""
    before, after = to_flat(whole(condition)), to_flat(overridden(whole(condition), read_override(change)))
    return {name: after.get(name) for name in {**before, **after} if before.get(name) != after.get(name)}


CHANGES = {
    "initialization": ({"initialization": "default"}, {"training.initialization": "default"}),
    "target rule": ({"target": "fan_ratio"}, {"regularizer.target": "fan_ratio"}),
    "layers": ({"where": ["head"]}, {"regularizer.where": ["head"]}),
    "all layers": ({"where": None}, {"regularizer.where": None}),
    "learning rate": ({"learning_rate": 1}, {"training.learning_rate": 1.0}),
    "number of the same optimizer": (
        {"optimizer": {"name": "muon", "nesterov": False}},
        {"optimizer.nesterov": False},
    ),
    "number of the same schedule": ({"schedule": {"name": "multi_step", "warmup": 0.0}}, {"schedule.warmup": 0.0}),
    "same regularizer by its other name": (
        {"regularizer": "spectral_hammer", "target": "initial"},
        {"regularizer.target": "initial"},
    ),
    "two at once": (
        {"initialization": "mup", "target": "initial"},
        {"training.initialization": "mup", "regularizer.target": "initial"},
    ),
}


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES)
def test_what_is_named_changes_and_nothing_else(change, expected):
    assert changed(change) == expected


def test_another_regularizer_optimizer_or_schedule_begins_from_its_own_defaults():
    before = whole()
    assert overridden(before, read_override({"regularizer": "none"})) == replace(before, regularizer=NoRegularization())
    decay = overridden(before, read_override({"regularizer": "weight_decay", "strength": 0.1}))
    assert decay == replace(before, regularizer=WeightDecay(strength=0.1))
    assert overridden(before, read_override({"optimizer": "adam"})) == replace(before, optimizer=Adam())
    constant = overridden(before, read_override({"schedule": "constant"}))
    assert constant == replace(before, schedule=Schedule(name="constant"))
    assert before.optimizer == Muon(momentum=0.8)
    assert isinstance(before.regularizer, SpectralNormScaling)


def test_a_part_of_a_combination_is_changed_or_replaced_by_its_number():
    both = {"regularizer": "combined", "parts": PARTS}
    assert changed({"parts.1.bound": 3}, both) == {"regularizer.parts.1.bound": 3.0}
    off = overridden(whole(both), read_override({"parts.0.regularizer": "none"})).regularizer
    assert off.parts == (NoRegularization(), whole(both).regularizer.parts[1])
    other = read_override({"parts.1.regularizer": "weight_decay", "parts.1.strength": 0.5})
    assert overridden(whole(both), other).regularizer.parts[1] == WeightDecay(strength=0.5)


MISTAKES = {
    "no mapping": ("adam", r"a change is a mapping of settings, got 'adam'"),
    "nothing": ({}, "a change is a mapping of settings"),
    "range": ({"scale": {"uniform": [1, 2]}}, "scale must be one value, for nothing is tuned anew"),
    "range inside": (
        {"optimizer": {"name": "sgd", "momentum": {"choice": [0.5, 0.9]}}},
        "momentum must be one value",
    ),
    "range in a part": (
        {"regularizer": "combined", "parts": [{"regularizer": "weight_decay", "strength": {"uniform": [0, 1]}}]},
        "strength must be one value",
    ),
    "optimizer of no kind": ({"optimizer": 5}, "optimizer must be a name, or a mapping with one, got 5"),
    "unknown key": ({"initialisation": "default"}, r"got 'initialisation' \(did you mean 'initialization'\?\)"),
    "key of another regularizer": (
        {"strength": 0.1},
        "what can be changed of spectral_norm_scaling is .*scale, target, .*got 'strength'",
    ),
    "key of a replaced regularizer": ({"regularizer": "none", "scale": 1.0}, "regularizer none takes .*got 'scale'"),
    "part of no combination": ({"parts.0.strength": 0.1}, "got 'parts.0.strength'"),
    "unknown regularizer": ({"regularizer": "nome"}, r"did you mean 'none'"),
    "unknown optimizer": ({"optimizer": "adm"}, r"did you mean 'adam'"),
    "unknown schedule": ({"schedule": "constnat"}, r"did you mean 'constant'"),
    "unknown initialization": ({"initialization": "orthogonl"}, r"did you mean 'orthogonal'"),
    "number of another optimizer": ({"optimizer": {"name": "adam", "momentum": 0.9}}, "optimizer adam takes"),
    "out of its domain": ({"learning_rate": -1}, "learning_rate must be > 0, got -1"),
    "of another type": ({"learning_rate": "fast"}, "learning_rate must be a finite number, got 'fast'"),
    "hyperparameter missing": ({"regularizer": "weight_decay"}, "needs strength"),
}


@pytest.mark.parametrize(("change", "message"), MISTAKES.values(), ids=MISTAKES)
def test_what_cannot_be_changed_so_is_refused_in_one_line(change, message):
    with pytest.raises(ValueError, match=message) as caught:
        overridden(whole(), read_override(change))
    assert "\n" not in str(caught.value)


def test_a_change_that_breaks_a_promise_of_the_regularizer_is_refused():
    """A soft cap undoes an update of known bound, and Adam states none."""
    cap = {
        "regularizer": "spectral_soft_cap",
        "where": ["hidden"],
        "bound": 4.0,
        "optimizer": "muon",
        "learning_rate": 0.1,
    }
    with pytest.raises(ValueError, match="a soft cap needs updates of bounded norm"):
        overridden(whole(cap), read_override({"optimizer": "adam"}))
