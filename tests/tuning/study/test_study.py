"""A study is data: written out it is read as the same study, and its cells are all pairs that it asks for."""

import pytest
import yaml

from tests.tuning.studies import study, tiny
from tuning.records import Phase
from tuning.settings import IntUniform, LogUniform
from tuning.study import load, parse_study


def test_a_study_written_as_data_and_read_again_is_the_same_study(tmp_path):
    data = tiny(
        conditions={
            "own": {
                "regularizer": "spectral_norm_scaling",
                "scale": {"uniform": [1, 2]},
                "where": ["hidden", "head"],
                "optimizer": {
                    "name": "muon",
                    "momentum": {"uniform": [0.8, 0.98]},
                    "nesterov": {"choice": [True, False]},
                },
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
    assert first.cells[0].space["optimizer.momentum"].high == 0.98


PARTS = [
    {"regularizer": "weight_decay", "strength": 0.01, "where": ["hidden", "head"]},
    {"regularizer": "spectral_projection", "bound": {"log_uniform": [1, 10]}, "every": {"choice": [1, 5]}},
    {"regularizer": "spectral_hammer", "target": "shared", "where": ["first"]},
]


def test_parts_have_flat_names_and_their_ranges_are_searched(tmp_path):
    first = study(conditions={"a": {"regularizer": "combined", "parts": PARTS}})
    path = tmp_path / "again.yaml"
    path.write_text(yaml.safe_dump(first.as_data()))
    second = load(path)
    assert second.as_data() == first.as_data()
    assert first.as_data()["conditions"]["a"] == {"regularizer": "combined", "parts": PARTS}
    for cell in (first.cells[0], second.cells[0]):
        assert list(cell.space)[1:] == ["regularizer.parts.1.bound", "regularizer.parts.1.every"]
        values = {**cell.draw(0), "regularizer.parts.1.bound": 2.5, "regularizer.parts.1.every": 5}
        decay, projection, hammer = cell.settings(Phase.TUNE, 0, values).regularizer.parts
        assert (decay.strength, decay.where) == (0.01, ("hidden", "head"))
        assert (projection.bound, projection.every) == (2.5, 5)
        assert hammer.target == "shared"


def test_a_soft_cap_under_muon_is_a_study():
    condition = {"regularizer": "spectral_soft_cap", "where": ["hidden"], "optimizer": "muon", "learning_rate": 0.1}
    assert parse_study(tiny(conditions={"a": condition}), "tiny").cells[0].key == "mlp-tiny/a"


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


STOPPING = ["none", "asha", {"name": "asha", "grace_epochs": 2}, {"name": "median", "min_trials": 5}]


@pytest.mark.parametrize("stopping", STOPPING, ids=str)
def test_a_study_written_out_whole_is_read_as_the_same_study(stopping: object) -> None:
    the_study = study(search={"trials": 2, "early_stopping": stopping})
    assert parse_study(the_study.as_data(), "tiny").as_data() == the_study.as_data()


def test_a_rule_of_early_stopping_is_written_out_with_what_it_takes_alone() -> None:
    rules = ["none", "asha", "median"]
    written = {rule: study(search={"trials": 2, "early_stopping": rule}).as_data()["search"] for rule in rules}
    assert {rule: data["early_stopping"] for rule, data in written.items()} == {
        "none": {"name": "none"},
        "asha": {"name": "asha", "grace_epochs": 1, "reduction": 3},
        "median": {"name": "median", "grace_epochs": 1, "min_trials": 3},
    }


REPEATS = {
    ("sobol", "none", None): "The search repeats exactly at any concurrency",
    ("random", "none", 8): "The search repeats exactly at any concurrency",
    ("grid", "none", None): "The search repeats exactly at any concurrency",
    (
        "random",
        "median",
        2,
    ): "The search repeats its settings exactly at any concurrency, but which of them are stopped",
    ("random", "median", 1): "The search repeats exactly: it runs one trial at a time",
    ("tpe", "asha", 1): "The search repeats exactly: it runs one trial at a time",
    ("tpe", "none", None): "The search need not repeat: what tpe proposes depends on the order in which trials end",
    ("nsga2", "none", 2): "The search need not repeat: what nsga2 proposes",
}


@pytest.mark.parametrize(("search", "said"), REPEATS.items(), ids=str)
def test_a_study_says_whether_its_search_repeats(search: tuple[str, str, int | None], said: str) -> None:
    algorithm, stopping, concurrency = search
    search = {"algorithm": algorithm, "trials": 1, "early_stopping": stopping, "concurrency": concurrency}
    one_point = {"shared": {"learning_rate": 0.1}, "conditions": {"a": {"regularizer": "none"}}}
    assert study(search=search, **one_point).search.repeatability.startswith(said)
