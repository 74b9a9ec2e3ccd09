import numpy as np
import pytest
import yaml

from analysis.findings.tuning_curves import tuning_curves
from analysis.stats import expected_best
from analysis.tables.study_queries import starting_points
from tests.analysis import planted
from tuning import study as studies

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


def two_conditions():
    """Eight trials of a condition that searches a strength, eight of one that does not."""
    decay = planted.searched("mlp-small", "decay", SCORES, rates=RATES, strengths=[0.01] * 8)
    return [*planted.searched("mlp-small", "baseline", SCORES, rates=RATES), *decay]


@pytest.mark.parametrize(
    ("points", "baseline", "decay"),
    [
        ([{"learning_rate": 0.001}] * 2, 2, 2),
        ([{"learning_rate": 0.001}, {"condition": "decay", "learning_rate": 0.001}], 1, 2),
        ([{"condition": "baseline", "training.learning_rate": 0.001}] * 2, 2, 0),
        ([{"learning_rate": 0.001, "strength": 0.01}, {"regularizer.strength": 0.01}], 0, 2),
    ],
    ids=["for all", "one for one condition", "for one condition", "for those that search all of its names"],
)
def test_a_point_counts_where_it_was_tried(points, baseline, decay):
    found = tuning_curves(planted.tables(two_conditions(), algorithm="sobol", points=points))
    means = {curve.condition: curve.expected.band.mean[0] for curve in found}
    given = {"baseline": baseline, "decay": decay}
    assert means == {name: pytest.approx(np.mean(SCORES[number:])) for name, number in given.items()}


def test_a_study_file_means_the_same_cells_by_its_points(tmp_path):
    """What the report counts is what the search tried."""
    text = yaml.safe_dump({
        "name": "points",
        "dataset": "digits",
        "architectures": ["mlp-small"],
        "conditions": {
            "plain": {"regularizer": "none"},
            "decay": {"regularizer": "weight_decay", "strength": {"log_uniform": [1e-4, 1e-1]}},
            "fixed": {"regularizer": "weight_decay", "strength": 0.01, "learning_rate": 0.01},
        },
        "shared": {"learning_rate": {"log_uniform": [1e-4, 1e-1]}, "batch_size": {"choice": [32, 64]}},
        "training": {"epochs": 1, "batch_size": 64, "optimizer": "adam", "schedule": "constant"},
        "confirm": {"seeds": 2},
        "search": {
            "algorithm": "sobol",
            "trials": 8,
            "points": [
                {"learning_rate": 0.001},
                {"batch_size": 32},
                {"condition": "decay", "learning_rate": 0.01, "batch_size": 64},
                {"strength": 0.001},
            ],
        },
    })
    (tmp_path / "points.yaml").write_text(text)
    study = studies.load(tmp_path / "points.yaml")
    study_data = study.as_data()
    for cell in study.cells:
        assert len(starting_points(study_data, cell.condition_name)) == len(cell.starting_points)


@pytest.mark.parametrize("trials", [3, 4])
def test_fewer_than_four_drawn_trials_are_too_few(trials):
    runs = planted.searched("mlp-small", "decay", SCORES[: trials + 1], rates=RATES)
    (found,) = tuning_curves(planted.tables(runs, algorithm="sobol", points=[{"learning_rate": 0.001}]))
    assert (found.expected is None) is (trials < 4)
    few = "too few trials: a curve needs 4 that were drawn and ended, got 3"
    assert found.refused == (few if trials < 4 else "")


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
