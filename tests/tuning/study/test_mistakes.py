"""What a study cannot ask, each mistake refused in one line that names it."""

import pytest

from tests.tuning.studies import study, tiny
from tuning.study import parse_study


def combined(*parts):
    return {"conditions": {"a": {"regularizer": "combined", "parts": list(parts)}}}


MISTAKES = {
    "unknown key": ({"trainig": {}}, r"got 'trainig' \(did you mean 'training'\?\)"),
    "unknown key below": (
        {"search": {"trials": 2, "sed": 1}},
        r"search: .*got 'sed' \(did you mean 'seed'\?\)",
    ),
    "part of an image": (
        {"dataset": {"name": "digits", "training_images": 1}},
        "training_images must be a whole number",
    ),
    "unknown data set": ({"dataset": "cifar-10"}, r"got 'cifar-10'.*'cifar10'"),
    "unknown architecture": (
        {"architectures": ["mlp-smal"]},
        r"got 'mlp-smal' \(did you mean 'mlp-small'\?\)",
    ),
    "no architecture": ({"architectures": []}, "one or more architectures are needed"),
    "architectures of one name": ({"architectures": ["mlp-small", "mlp-small"]}, "different names"),
    "depth of no ResNet": (
        {"architectures": [{"name": "r", "family": "resnet", "layout": "cifar", "depth": 9, "width": 16}]},
        "6n \\+ 2.*got 9",
    ),
    "no conditions": ({"conditions": {}}, "one or more conditions are needed"),
    "conditions missing": ({"conditions": None}, "one or more conditions are needed"),
    "condition without regularizer": ({"conditions": {"a": {}}}, "condition a must name its regularizer"),
    "unknown regularizer": (
        {"conditions": {"a": {"regularizer": "weight_deacy"}}},
        r"got 'weight_deacy' \(did you mean 'weight_decay'\?\)",
    ),
    "unknown hyperparameter": (
        {"conditions": {"a": {"regularizer": "weight_decay", "strenght": 1.0}}},
        r"got 'strenght' \(did you mean 'strength'\?\)",
    ),
    "hyperparameter missing": ({"conditions": {"a": {"regularizer": "weight_decay"}}}, "needs strength"),
    "hyperparameter of another type": (
        {"conditions": {"a": {"regularizer": "weight_decay", "strength": "much"}}},
        "strength must be a finite number, got 'much'",
    ),
    "part without regularizer": (
        combined({"strength": 0.1}),
        r"condition a: parts\.0 must name its regularizer, got \{'strength': 0\.1\}",
    ),
    "parts missing": (
        {"conditions": {"a": {"regularizer": "combined"}}},
        "condition a: regularizer combined needs parts",
    ),
    "no parts": (combined(), r"needs a list of one or more parts, got \[\]"),
    "range of parts": (
        {"conditions": {"a": {"regularizer": "combined", "parts": {"choice": [1, 2]}}}},
        r"needs a list of one or more parts, got \{'choice'",
    ),
    "unknown part": (
        combined({"regularizer": "none"}, {"regularizer": "weight_deacy"}),
        r"condition a: parts\.1: .*got 'weight_deacy' \(did you mean 'weight_decay'\?\)",
    ),
    "combination in a combination": (
        combined({"regularizer": "combined", "parts": []}),
        r"parts\.0: a part's regularizer must be one of .*got 'combined'",
    ),
    "unknown hyperparameter of a part": (
        combined({"regularizer": "none"}, {"regularizer": "spectral_projection", "bond": 1.0}),
        r"condition a: parts\.1: regularizer spectral_projection takes .*got 'bond' \(did you mean 'bound'\?\)",
    ),
    "hyperparameter of a part missing": (
        combined({"regularizer": "weight_decay"}),
        r"condition a: parts\.0 \(weight_decay\): .*needs strength",
    ),
    "hyperparameter of a part of another type": (
        combined({"regularizer": "weight_decay", "strength": "much"}),
        r"condition a: parts\.0 \(weight_decay\): .*strength must be a finite number, got 'much'",
    ),
    "range of a part out of its domain": (
        combined({"regularizer": "none"}, {"regularizer": "weight_decay", "strength": {"uniform": [-1, 1]}}),
        r"condition a: parts\.1 \(weight_decay\): strength must be .*got -1",
    ),
    "learning rate of a part": (
        combined({"regularizer": "none", "learning_rate": 0.1}),
        r"parts\.0: regularizer none takes where, got 'learning_rate'",
    ),
    "role of a part": (
        combined({"regularizer": "none", "where": ["hiden"]}),
        r"parts\.0 \(none\): .*did you mean 'hidden'",
    ),
    "range reversed": (
        {"shared": {"learning_rate": {"log_uniform": [0.1, 0.001]}}},
        r"low < high must hold, got \[0.1, 0.001\]",
    ),
    "range of one value": (
        {"shared": {"learning_rate": {"log_uniform": [1e-3, 1e-3]}}},
        r"low < high must hold, got one value, \[0.001, 0.001\]; write the constant, 0.001",
    ),
    "range over zero": ({"shared": {"learning_rate": {"log_uniform": [0, 0.1]}}}, "both bounds must be > 0"),
    "range of one number": ({"shared": {"learning_rate": {"uniform": [0.1]}}}, "two finite numbers"),
    "range of an unknown kind": (
        {"shared": {"learning_rate": {"loguniform": [0.001, 0.1]}}},
        r"got loguniform \(did you mean 'log_uniform'\?\)",
    ),
    "range out of its domain": (
        {"conditions": {"a": {"regularizer": "weight_decay", "strength": {"uniform": [-1, 1]}}}},
        "condition a: .*strength.*got -1",
    ),
    "learning rate out of its domain": (
        {"shared": {"learning_rate": -1.0}},
        "learning_rate must be > 0, got -1",
    ),
    "no learning rate": ({"shared": {}}, "learning_rate: is needed; add it"),
    "choice with a stranger in it": (
        {"training": {"epochs": 3}, "shared": {"learning_rate": 0.1, "batch_size": {"choice": [64, 1]}}},
        "batch_size must be at least 2, got 1",
    ),
    "epochs of zero": ({"training": {"epochs": 0}}, "training.epochs.*got 0"),
    "unknown optimizer": ({"training": {"epochs": 1, "optimizer": "adm"}}, r"did you mean 'adam'"),
    "momentum for Adam": (
        {"training": {"epochs": 1, "optimizer": {"name": "adam", "momentum": 0.9}}},
        "optimizer adam takes beta1, beta2, epsilon, got 'momentum'",
    ),
    "soft cap under adam": (
        {"conditions": {"a": {"regularizer": "spectral_soft_cap", "where": ["hidden"]}}},
        "condition a: a soft cap needs updates of bounded norm.*bounds those of roles: none, and not 'hidden'",
    ),
    "soft cap of the head under muon": (
        {"conditions": {"a": {"regularizer": "spectral_soft_cap", "optimizer": "muon"}}},
        r"roles: hidden, conv, downsample, and not 'head'; choose muon or scion, and roles .* \[hidden, conv\]",
    ),
    "soft cap at a learning rate that only the lowest bound refuses": (
        {
            "conditions": {
                "a": {
                    "regularizer": "spectral_soft_cap",
                    "where": ["hidden"],
                    "bound": {"uniform": [2, 7]},
                    "optimizer": "muon",
                    "learning_rate": {"uniform": [0.1, 0.7]},
                }
            }
        },
        "update/bound <= 0.3065, got update 0.841. and bound 2, a ratio of 0.4209; lower the learning rate",
    ),
    "unknown scale mode": (
        {"training": {"epochs": 1, "optimizer": {"name": "muon", "scale_mode": "fan-ratio"}}},
        r"got 'fan-ratio' \(did you mean 'fan_ratio'\?\)",
    ),
    "unknown coefficients": (
        {"training": {"epochs": 1, "optimizer": {"name": "scion", "newton_schulz": "jordon"}}},
        r"got 'jordon' \(did you mean 'jordan'\?\)",
    ),
    "momentum range of one": (
        {"training": {"epochs": 1, "optimizer": {"name": "muon", "momentum": {"uniform": [0.8, 1.0]}}}},
        r"momentum must be in \[0, 1\), got 1.0; 0.95 is usual",
    ),
    "looking ahead without momentum": (
        {"training": {"epochs": 1, "optimizer": {"name": "muon", "momentum": 0.0}}},
        "nesterov needs momentum > 0",
    ),
    "auxiliary learning rate of zero": (
        {"training": {"epochs": 1, "optimizer": {"name": "muon", "auxiliary_learning_rate": 0.0}}},
        "auxiliary_learning_rate must be > 0",
    ),
    "auxiliary decay of one": (
        {"training": {"epochs": 1, "optimizer": {"name": "muon", "auxiliary_beta2": 1.0}}},
        r"auxiliary_beta2 must be in \[0, 1\)",
    ),
    "radius of zero": (
        {"conditions": {"a": {"regularizer": "none", "optimizer": {"name": "scion", "radius": 0.0}}}},
        "condition a: radius must be > 0",
    ),
    "head radius below zero": (
        {"training": {"epochs": 1, "optimizer": {"name": "scion", "head_radius": -1.0}}},
        "head_radius must be > 0",
    ),
    "no power iteration": (
        {"training": {"epochs": 1, "optimizer": {"name": "spectral", "power_iterations": 0}}},
        "power_iterations must be at least 1, got 0",
    ),
    "milestones descending": (
        {
            "training": {
                "epochs": 1,
                "schedule": {"name": "multi_step", "milestones": [0.6, 0.3], "gamma": 0.1},
            }
        },
        "milestones must ascend",
    ),
    "gamma for cosine": (
        {"training": {"epochs": 1, "schedule": {"name": "cosine", "gamma": 0.1}}},
        "belong to multi_step",
    ),
    "grace beyond the epochs": (
        {"search": {"trials": 1, "early_stopping": {"name": "asha", "grace_epochs": 9}}},
        "grace_epochs must be at most the 3 epochs",
    ),
    "a view twice": (
        {"measure": {"views": ["flat", "flat"]}},
        r"tiny: measure: views must name each view once, got \['flat', 'flat'\]; leave out the repetition",
    ),
    "rare measuring": (
        {"measure": {"every": 10**30}},
        f"tiny: measure: every must be 1 to 1,000,000 epochs, got 1{'0' * 30}; 1 measures each epoch",
    ),
    "measure no mapping": ({"measure": 3}, "tiny: measure: must be a mapping of settings, got 3"),
    "many cores": ({"resources": {"cpu": 10**7}}, "tiny: resources: cpu must be 1 to 1,000,000, got 10000000"),
    "many GPUs": ({"resources": {"gpu": 1e300}}, "gpu must be 0, a whole number up to 1,000,000 or 1/n"),
    "unknown view": ({"measure": {"views": ["flat", "circula"]}}, "did you mean 'circular'"),
    "third of two GPUs": ({"resources": {"gpu": 0.4}}, "1/n with n at most 100, got 0.4"),
    "optimizer of no kind": (
        {"conditions": {"a": {"regularizer": "none", "optimizer": 5}}},
        "optimizer must be a name",
    ),
    "choice of lists": ({"shared": {"learning_rate": 0.1, "batch_size": {"choice": [[1]]}}}, "list of plain values"),
    "number beyond a float": ({"shared": {"learning_rate": 10**400}}, "learning_rate must be a finite number"),
    "infinite number": ({"shared": {"learning_rate": float("inf")}}, "learning_rate must be a finite number"),
    "range beyond a float": ({"shared": {"learning_rate": {"uniform": [0, 10**400]}}}, "two finite numbers"),
    "share beyond reason": ({"resources": {"gpu": 5e-324}}, "n at most 100"),
    "true for a count": ({"training": {"epochs": True}}, "training.epochs: must be a valid integer, got True"),
    "text for a count": ({"search": {"trials": "3"}}, "search.trials: must be a valid integer, got '3'"),
    "count beyond reason": ({"training": {"epochs": 10**30}}, "less than or equal to 1000000"),
    "text for a section": ({"search": "tpe"}, "search: must be a mapping of settings, got 'tpe'"),
    "unknown algorithm": ({"search": {"trials": 3, "algorithm": "tpee"}}, "did you mean 'tpe'"),
    "unknown early stopping": ({"search": {"trials": 3, "early_stopping": "ashaa"}}, "did you mean 'asha'"),
    "grace without stopping": (
        {"search": {"trials": 3, "early_stopping": {"name": "none", "grace_epochs": 3}}},
        "early_stopping none takes nothing else, got grace_epochs",
    ),
    "grace beyond the epochs under the median rule": (
        {"search": {"trials": 1, "early_stopping": {"name": "median", "grace_epochs": 4}}},
        "grace_epochs must be at most the 3 epochs of a trial, got 4",
    ),
    "reduction of the median rule": (
        {"search": {"trials": 3, "early_stopping": {"name": "median", "reduction": 4}}},
        "early_stopping median takes grace_epochs, min_trials, got reduction; leave it out or choose another rule",
    ),
    "trials of asha": (
        {"search": {"trials": 3, "early_stopping": {"name": "asha", "min_trials": 4}}},
        "early_stopping asha takes grace_epochs, reduction, got min_trials",
    ),
    "two objectives stopped by one": (
        {"search": {"trials": 3, "algorithm": "nsga2", "early_stopping": "asha"}},
        "nsga2 weighs two objectives, of which early stopping would know one, got early_stopping asha; write early_sto",
    ),
    "grid over a range": (
        {"search": {"trials": 3, "algorithm": "grid"}},
        r"algorithm grid takes choice and int_uniform, got \{'log_uniform': \[0.001, 0.1\]\} for training.learning_rate"
        r"; list its values, e.g. \{choice: \[0.001, 0.01, 0.1\]\}",
    ),
    "grids of other sizes": (
        {
            "shared": {"learning_rate": {"choice": [0.1, 0.01]}},
            "conditions": {
                "baseline": {"regularizer": "none"},
                "decay": {"regularizer": "weight_decay", "strength": {"choice": [0.1, 0.01, 0.001]}},
            },
            "search": {"trials": 6, "algorithm": "grid"},
        },
        "as many points in every condition as trials, .*got baseline 2, decay 6 and trials 6; list more",
    ),
    "grid with starting points": (
        {"search": {"trials": 3, "algorithm": "grid", "points": [{"learning_rate": 0.1}, {"learning_rate": 0.01}]}},
        "algorithm grid tries all of its points, got 2 starting points; leave points out",
    ),
    "choice for CMA-ES": (
        {
            "shared": {"learning_rate": 0.1, "batch_size": {"choice": [64, 128]}},
            "search": {"trials": 3, "algorithm": "cmaes"},
        },
        r"condition baseline: algorithm cmaes searches numbers alone, got \{'choice': \[64, 128\]\} for training.b",
    ),
    "name that leaves its folder": ({"name": "../../etc"}, "the name of this study must be"),
    "condition that leaves its folder": (
        {"conditions": {"a/b": {"regularizer": "none"}}},
        "the name of this condition must be",
    ),
}


@pytest.mark.parametrize(("change", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_refused_in_one_line_that_names_it(change, message):
    with pytest.raises(ValueError, match=message) as caught:
        study(**change)
    assert "\n" not in str(caught.value)


def test_known_keys_are_listed_in_the_order_of_a_study_file():
    known = (
        "name, description, dataset, architectures, conditions, shared, training, search, confirm, ablate, measure, "
        "resources"
    )
    with pytest.raises(ValueError, match=f"known keys are {known}, got 'trainig'"):
        study(trainig={})


def test_several_mistakes_are_told_in_the_order_of_a_study_file():
    with pytest.raises(ValueError, match=r"architectures: one or more .*; training\.epochs: .*; confirm\.seeds: "):
        parse_study(tiny(confirm={"seeds": 0}, training={"epochs": 0}, architectures=[]), "tiny")
