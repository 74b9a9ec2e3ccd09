import itertools
import math

import numpy as np
import pytest

from analysis.stats import interaction, paired_difference


def test_families_of_unequal_numbers_of_architectures_weigh_alike():
    found = interaction(np.array([[3.0], [4.0]]), np.array([[1.0, 2.0], [1.0, 0.0]]))
    assert found.families.mean == 2.5  # (3 − 1.5 + 4 − 0.5) / 2
    assert found.families.interval.n == 2


def test_each_pair_of_architectures_has_its_own_difference_of_differences():
    rng = np.random.default_rng(19)
    first, second = rng.normal(size=(5, 2)), rng.normal(size=(5, 3))
    found = interaction(first, second)
    assert (len(found.pairs), len(found.pairs[0])) == (2, 3)
    for i, j in itertools.product(range(2), range(3)):
        assert found.pairs[i][j] == paired_difference(first[:, i], second[:, j])


def test_what_a_seed_does_to_all_architectures_cancels():
    rng = np.random.default_rng(19)
    first, second, shared = rng.normal(size=(6, 2)), rng.normal(size=(6, 3)), 10 * rng.normal(size=(6, 1))
    difference, other = interaction(first, second).families, interaction(first + shared, second + shared).families
    assert other.interval.half_width == pytest.approx(difference.interval.half_width, rel=1e-9)
    assert other.test == difference.test


def test_its_p_is_that_of_exchanging_the_families_on_each_seed():
    rng = np.random.default_rng(19)
    first, second = rng.integers(0, 9, size=(6, 2)), rng.integers(0, 7, size=(6, 2))
    observed = abs((first - second).sum())
    larger = 0
    for swapped in itertools.product((False, True), repeat=6):
        mask = np.array(swapped)[:, None]
        larger += abs((np.where(mask, second, first) - np.where(mask, first, second)).sum()) >= observed
    assert interaction(first, second).families.test.p == larger / 64


def test_a_planted_interaction_is_found_and_its_absence_not_claimed():
    rng = np.random.default_rng(19)
    effects = 0.05 + 0.01 * rng.normal(size=(400, 8, 3))  # the condition helps every architecture alike
    absent = [interaction(sample[:, :1], sample[:, 1:], draws=200).families for sample in effects]
    there = [interaction(sample[:, :1] + 0.03, sample[:, 1:], draws=200).families for sample in effects]
    assert np.mean([difference.test.p <= 0.05 for difference in absent]) <= 0.05 + 0.02
    assert np.mean([difference.test.p <= 0.05 for difference in there]) > 0.9
    assert np.mean([difference.interval.holds(0.03) for difference in there]) == pytest.approx(0.95, abs=0.035)
    assert np.mean([difference.bootstrap.holds(0.03) for difference in there]) == pytest.approx(0.95, abs=0.035)


def test_equal_effects_differ_by_no_rounding():
    first = np.array([[0.95, 0.97, 0.96]]).T - np.array([[0.94, 0.96, 0.95]]).T
    second = np.array([[0.42, 0.41, 0.43]]).T - np.array([[0.41, 0.40, 0.42]]).T
    found = interaction(first, second).families
    assert (found.mean, found.test.p, found.improvement.value) == (0.0, 1.0, 0.5)


def test_a_missing_seed_leaves_the_family_and_the_pairs_of_its_architecture():
    first, second = np.arange(8.0).reshape(4, 2), np.arange(8.0).reshape(4, 2)
    first[3, 1], second[0, 1] = math.nan, math.nan
    found = interaction(first, second)
    assert found.families.n == 2
    assert [[pair.n for pair in row] for row in found.pairs] == [[4, 3], [3, 2]]


def test_families_of_unequal_numbers_of_seeds_are_refused():
    with pytest.raises(ValueError, match="equally many seeds, got 3 and 2; give NaN"):
        interaction(np.zeros((3, 1)), np.zeros((2, 1)))


def test_a_family_without_an_architecture_is_refused():
    with pytest.raises(ValueError, match="each family needs an architecture, got 1 and 0"):
        interaction(np.zeros((3, 1)), np.zeros((3, 0)))


def test_no_seed_is_nan_throughout():
    assert math.isnan(interaction(np.zeros((0, 1)), np.zeros((0, 2))).families.mean)
