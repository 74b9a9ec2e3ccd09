import numpy as np
import pytest

from analysis.stats import expected_best
from analysis.tuning_curves import tuning_curves
from tests.analysis import planted

SCORES = [0.3, 0.9, 0.1, 0.7, 0.8, 0.2, 0.6, 0.5]
RATES = [0.001] * 8


@pytest.mark.parametrize("algorithm", ["sobol", "random", "grid"])
def test_a_curve_is_that_of_the_cells_trials(algorithm):
    runs = planted.searched("mlp-small", "decay", SCORES, rates=RATES, reasons={2: "diverged"})
    (found,) = tuning_curves(planted.tables(runs, algorithm=algorithm))
    scores = [0.0 if score == 0.1 else score for score in SCORES]
    expected = expected_best(scores, exchangeable=True, full_budget=[True] * 8)
    assert (found.architecture, found.condition, found.refused) == ("mlp-small", "decay", "")
    np.testing.assert_array_equal(found.expected.budgets, [1, 2, 3, 4])
    np.testing.assert_array_equal(found.expected.band.mean, expected.band.mean)


def test_starting_points_were_not_drawn():
    runs = planted.searched("mlp-small", "decay", SCORES, rates=RATES)
    (found,) = tuning_curves(planted.tables(runs, algorithm="sobol", points=[{"learning_rate": 0.001}] * 2))
    assert found.expected.band.n.tolist() == [6, 6, 6]
    assert found.expected.band.mean[0] == pytest.approx(np.mean(SCORES[2:]))


def test_a_search_that_learns_has_no_curve_and_says_why():
    runs = planted.searched("mlp-small", "decay", SCORES, rates=RATES)
    (found,) = tuning_curves(planted.tables(runs, algorithm="tpe"))
    assert found.expected is None
    assert "needs exchangeable trials" in found.refused


def test_early_stopping_leaves_no_curve_and_says_why():
    runs = planted.searched("mlp-small", "decay", SCORES, rates=RATES, reasons={3: "early_stopped"})
    (found,) = tuning_curves(planted.tables(runs, algorithm="sobol"))
    assert found.expected is None
    assert "got 1 of 8 that were stopped early" in found.refused


def test_a_cell_without_trials_has_none():
    assert tuning_curves(planted.tables(planted.confirmed({}, seeds=2), algorithm="sobol")) == ()
