import itertools
import math

import numpy as np
import pytest

from tests.tuning.studies import study
from tuning.settings.space import Choice, IntUniform, LogUniform, Uniform
from tuning.study.draws import DIMENSIONS, check_sobol, from_grid, from_sobol, grid_size

RATE = LogUniform(1e-4, 1e-1)
CONDITIONS = {
    "baseline": {"regularizer": "none"},
    "decay": {"regularizer": "weight_decay", "strength": {"log_uniform": [1e-4, 1e-1]}},
    "soft": {"regularizer": "soft_orthogonality", "every": {"int_uniform": [1, 8]}, "strength": {"uniform": [0, 1]}},
    "muon": {
        "regularizer": "none",
        "optimizer": {"name": "muon", "momentum": {"uniform": [0.8, 0.98]}},
    },
}
SHARED = {"learning_rate": {"log_uniform": [1e-4, 1e-1]}, "batch_size": {"choice": [64, 128, 256]}}


def cells(algorithm, *, trials=16, seed=0, **changes):
    search = {"algorithm": algorithm, "trials": trials, "seed": seed}
    the_study = study(**{"conditions": CONDITIONS, "shared": SHARED, "search": search, **changes})
    return {cell.key: cell for cell in the_study.cells}


@pytest.mark.parametrize("algorithm", ["sobol", "random", "tpe"])
def test_every_condition_and_architecture_has_the_same_draws_of_what_is_shared(algorithm):
    for index in range(16):
        draws = [cell.draw(index) for cell in cells(algorithm).values()]
        assert len({draw["training.learning_rate"] for draw in draws}) == 1
        assert len({draw["training.batch_size"] for draw in draws}) == 1


def test_shared_numbers_of_the_optimizer_are_drawn_equal_beside_conditions_with_their_own():
    training = {"epochs": 1, "optimizer": {"name": "sgd", "momentum": {"uniform": [0.5, 0.9]}}}
    drawn = cells("sobol", training=training)
    for index in range(8):
        names = ["mlp-tiny/baseline", "mlp-tiny/decay", "mlp-tiny/soft"]
        assert len({drawn[name].draw(index)["optimizer.momentum"] for name in names}) == 1


@pytest.mark.parametrize("without", ["soft", "muon"])
def test_sobol_draws_of_a_condition_do_not_depend_on_what_others_search(without):
    fewer = {name: value for name, value in CONDITIONS.items() if name != without}
    some, all_of_them = cells("sobol", conditions=fewer), cells("sobol")
    for name, cell in some.items():
        assert [cell.draw(index) for index in range(8)] == [all_of_them[name].draw(index) for index in range(8)]


def test_more_trials_change_no_sobol_draw():
    few, many = cells("sobol", trials=5)["mlp-tiny/soft"], cells("sobol", trials=300)["mlp-tiny/soft"]
    assert [few.draw(index) for index in range(5)] == [many.draw(index) for index in range(5)]
    assert len({many.draw(index)["training.learning_rate"] for index in range(300)}) == 300


def test_another_seed_scrambles_the_sobol_table_otherwise():
    first, second = cells("sobol", seed=0)["mlp-tiny/decay"], cells("sobol", seed=1)["mlp-tiny/decay"]
    assert all(first.draw(index) != second.draw(index) for index in range(8))


UNIT = {"training.learning_rate": Uniform(0, 1), "regularizer.strength": Uniform(0, 1), "regularizer.b": Uniform(0, 1)}


def unit_rows(seed, count):
    rows = [from_sobol(UNIT, ["training.learning_rate"], seed, index) for index in range(count)]
    return np.array([[row[name] for name in UNIT] for row in rows])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("exponent", [1, 3, 5])
def test_each_hyperparameter_has_one_sobol_draw_in_each_equal_part_of_its_range(seed, exponent):
    count = 2**exponent
    parts = np.floor(unit_rows(seed, count) * count).astype(int)
    for column in parts.T:
        assert sorted(column) == list(range(count))


@pytest.mark.parametrize("seed", range(5))
def test_learning_rate_and_the_first_own_hyperparameter_fill_every_elementary_rectangle_once(seed):
    """The first two columns are a (0, 4, 2)-net in base 2: 16 draws, each shape of 16 equal rectangles."""
    rows = unit_rows(seed, 16)[:, [0, 2]]  # own ones follow by name: b before strength
    for wide in range(5):
        boxes = np.floor(rows * [2**wide, 2 ** (4 - wide)]).astype(int)
        assert len({tuple(box) for box in boxes}) == 16


def test_the_sobol_table_is_scipys():
    """Its first column at full width, against the library called by hand."""
    from scipy.stats import qmc

    from tuning.settings import derive_seed

    table = qmc.Sobol(DIMENSIONS, rng=derive_seed(3, "sobol")).random(8)
    drawn = [from_sobol({"training.learning_rate": RATE}, ["training.learning_rate"], 3, i) for i in range(8)]
    assert [row["training.learning_rate"] for row in drawn] == [RATE.at(float(value)) for value in table[:, 0]]


def test_more_hyperparameters_than_sobol_has_columns_are_refused():
    space = {f"regularizer.parts.{index}.strength": Uniform(0, 1) for index in range(DIMENSIONS)}
    check_sobol(space, [])
    with pytest.raises(ValueError, match=f"at most {DIMENSIONS} hyperparameters, got {DIMENSIONS + 1}; choose random"):
        check_sobol(space, ["training.learning_rate"])


def test_random_draws_are_uniform_over_their_range():
    """Kolmogorov-Smirnov at 1000 draws: a distance above 0.052 has probability 1% for uniform ones."""
    cell = cells("random", trials=1000)["mlp-tiny/decay"]
    low, high = math.log(1e-4), math.log(1e-1)
    rates = sorted(math.log(cell.draw(index)["training.learning_rate"]) for index in range(1000))
    shares = (np.array(rates) - low) / (high - low)
    assert np.abs(shares - np.arange(1000) / 1000).max() < 0.052


GRID = {
    "training.learning_rate": Choice((0.1, 0.01)),
    "regularizer.every": IntUniform(2, 4),
    "regularizer.on": Choice((True, False)),
}


def test_a_grid_is_every_combination_once():
    assert grid_size(GRID) == 12
    points = [tuple(from_grid(GRID, index).values()) for index in range(12)]
    assert points == list(itertools.product((0.1, 0.01), (2, 3, 4), (True, False)))


def test_a_grid_of_nothing_is_one_point():
    assert grid_size({}) == 1
    assert from_grid({}, 0) == {}


def test_a_grid_study_tries_each_combination_of_each_condition():
    listed = {
        "baseline": {"regularizer": "none", "learning_rate": {"choice": [0.3, 0.1, 0.03, 0.01]}},
        "decay": {"regularizer": "weight_decay", "strength": {"choice": [0.1, 0.01]}},
    }
    shared = {"learning_rate": {"choice": [0.1, 0.01]}}
    grid = cells("grid", trials=4, conditions=listed, shared=shared)
    for cell in grid.values():
        assert len({tuple(cell.draw(index).values()) for index in range(4)}) == 4
