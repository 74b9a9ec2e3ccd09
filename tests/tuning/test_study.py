import re

import pytest
import yaml

from tests.tuning.studies import study, tiny
from tuning.study import IntUniform, LogUniform, load, parse_study, shipped

MISTAKES = {
    "unknown key": ({"trainig": {}}, r"got 'trainig' \(did you mean 'training'\?\)"),
    "unknown key below": (
        {"search": {"trials": 2, "sed": 1}},
        r"search: .*got 'sed' \(did you mean 'seed'\?\)",
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
    "range reversed": (
        {"shared": {"learning_rate": {"log_uniform": [0.1, 0.001]}}},
        r"low < high must hold, got \[0.1, 0.001\]",
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


FILES = {
    "tag": ("name: !!python/object/apply:os.system [ls]", "plain data"),
    "list": ("- a\n- b", "must hold a mapping"),
    "empty": ("", "must hold a mapping"),
    "key twice": ("name: a\nname: b", "given twice"),
    "broken": ("name: [", "must be YAML"),
    "bytes": (b"\xff\xfe\x00", "readable text"),
    "typed nonsense": ("name: !!bool abc", "plain data"),
    "alias bomb": ("a: &a [x]\nb: [*a, *a]\nname: b", r"aliases \(\*a\) are not read"),
}


@pytest.mark.parametrize(("content", "message"), FILES.values(), ids=FILES)
def test_a_file_that_is_no_study_is_refused_in_one_line(tmp_path, content, message):
    path = tmp_path / "study.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=message) as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_an_unknown_name_is_refused_with_the_nearest_shipped_study():
    with pytest.raises(ValueError, match=re.escape("(did you mean 'quickstart'?)")):
        load("quickstrat")


def test_a_missing_file_is_refused():
    with pytest.raises(ValueError, match="must exist"):
        load("studies/none.yaml")


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_study_loads_and_bears_the_name_of_its_file(name):
    shipped_study = load(name)
    assert shipped_study.name == name
    assert shipped_study.description


def test_a_study_written_as_data_and_read_again_is_the_same_study(tmp_path):
    data = tiny(
        conditions={
            "own": {
                "regularizer": "spectral_norm_scaling",
                "scale": {"uniform": [1, 2]},
                "where": ["hidden", "head"],
                "optimizer": {"name": "sgd", "momentum": {"uniform": [0.5, 0.9]}},
                "learning_rate": {"log_uniform": [1e-2, 1.0]},
                "initialization": "orthogonal",
            }
        },
        shared={"learning_rate": 0.1, "batch_size": {"choice": [32, 64]}},
    )
    first = parse_study(data, "data")
    path = tmp_path / "again.yaml"
    path.write_text(yaml.safe_dump(first.as_data()))
    second = load(path)
    assert second.as_data() == first.as_data()
    assert [cell.space for cell in second.cells] == [cell.space for cell in first.cells]
    assert first.cells[0].space["optimizer.momentum"].high == 0.9


def test_numbers_without_a_point_are_numbers(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(tiny()).replace("0.001", "1e-3"))
    assert "1e-3" in path.read_text()
    assert load(path).cells[0].space["training.learning_rate"] == LogUniform(1e-3, 1e-1)


def test_cells_are_all_pairs_in_the_order_of_the_file():
    keys = [cell.key for cell in study().cells]
    assert keys == ["mlp-tiny/baseline", "mlp-tiny/decay", "mlp-deep/baseline", "mlp-deep/decay"]


def test_conditions_meet_the_same_draws_of_shared_hyperparameters():
    cells = study().cells
    for index in range(5):
        rates = {cell.draw(index)["training.learning_rate"] for cell in cells}
        assert len(rates) == 1
    assert len({cells[0].draw(index)["training.learning_rate"] for index in range(5)}) == 5


def test_a_whole_range_is_drawn_from_and_nothing_outside():
    draws = [IntUniform(2, 4).at(fraction / 100) for fraction in range(100)]
    assert {draws.count(value) for value in (2, 3, 4)} <= {33, 34}
    assert set(draws) == {2, 3, 4}
    assert LogUniform(1e-4, 1e-2).at(0.5) == pytest.approx(1e-3)
    assert LogUniform(1e-4, 1e-2).at(1 - 1e-16) <= 1e-2
