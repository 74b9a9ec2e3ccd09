import math

import numpy as np
import pytest

from analysis.stats import pareto_front


def dominated(point, other, signs):
    """Whether the other point is as good in everything, and better in something."""
    gains = [sign * (b - a) for a, b, sign in zip(point, other, signs, strict=True)]
    return all(gain >= 0 for gain in gains) and any(gain > 0 for gain in gains)


@pytest.mark.parametrize("directions", [("maximize", "minimize"), ("minimize", "minimize"), ("maximize", "maximize")])
def test_the_front_is_what_no_point_dominates(directions):
    points = np.random.default_rng(19).integers(0, 8, size=(40, 2)).astype(float)  # ties among them
    signs = [1 if direction == "maximize" else -1 for direction in directions]
    expected = {i for i in range(40) if not any(dominated(points[i], other, signs) for other in points)}
    assert set(pareto_front(points, directions).tolist()) == expected


def test_it_comes_in_the_order_in_which_it_is_drawn():
    points = np.array([[3.0, 1.0], [1.0, 3.0], [2.0, 2.0], [1.0, 1.0]])
    assert pareto_front(points, ["maximize", "maximize"]).tolist() == [1, 2, 0]


def test_equal_points_are_both_on_it():
    assert pareto_front(np.ones((2, 2)), ["maximize", "minimize"]).tolist() == [0, 1]


def test_a_point_without_a_value_is_not_on_it_and_beats_none():
    points = np.array([[1.0, 1.0], [math.nan, 9.0]])
    assert pareto_front(points, ["maximize", "maximize"]).tolist() == [0]


def test_of_one_objective_it_is_the_best():
    assert pareto_front(np.array([[3.0], [1.0], [2.0]]), ["minimize"]).tolist() == [1]


def test_no_point_has_no_front():
    assert pareto_front(np.zeros((0, 2)), ["maximize", "maximize"]).tolist() == []


@pytest.mark.parametrize("directions", [["maximize"], ["maximize", "max"]], ids=str)
def test_objectives_without_a_direction_are_refused(directions):
    with pytest.raises(ValueError, match="each of 2 objectives is to maximize or to minimize"):
        pareto_front(np.zeros((3, 2)), directions)
