import math

import numpy as np
import pytest

from analysis.stats import (
    bootstrap_t,
    difference,
    mean_interval,
    paired_difference,
    paired_effect_size,
    probability_of_improvement,
    sign_flip_test,
)

FIRST = [0.94, 0.95, 0.93, 0.96, 0.95]
SECOND = [0.91, 0.93, 0.92, 0.93, 0.91]


def test_a_difference_is_described_by_every_routine():
    gained = np.subtract(FIRST, SECOND)
    found = paired_difference(FIRST, SECOND, confidence=0.9, draws=500, seed=7)
    assert found.interval == mean_interval(gained, 0.9)
    assert found.bootstrap == bootstrap_t(gained, 0.9, draws=500, seed=7)
    assert found.test == sign_flip_test(gained)
    assert found.effect == paired_effect_size(gained, 0.9)
    assert found.improvement == probability_of_improvement(gained, 0.9)
    assert found.mean == pytest.approx(0.026)


def test_a_seed_that_one_side_lacks_is_left_out_of_all():
    gaps = paired_difference([*FIRST, 0.2, math.nan], [*SECOND, math.nan, 0.7])
    assert gaps == paired_difference(FIRST, SECOND)
    assert gaps.n == gaps.interval.n == gaps.bootstrap.n == gaps.test.n == gaps.effect.n == gaps.improvement.n == 5


def test_what_all_runs_of_a_seed_share_does_not_count():
    shared = np.array([0.5, -2.0, 1.0, 3.0, -0.5])
    plain, other = paired_difference(FIRST, SECOND), paired_difference(FIRST + shared, SECOND + shared)
    assert other.interval.half_width == pytest.approx(plain.interval.half_width, rel=1e-9)
    assert other.test.p == plain.test.p


def test_a_planted_difference_is_found_and_its_absence_not_claimed():
    rng = np.random.default_rng(19)
    shared = rng.normal(0.9, 0.05, size=(1000, 8, 1))
    runs = shared + rng.normal(0.0, 0.01, size=(1000, 8, 2))
    there = [paired_difference(a + 0.03, b, draws=200) for a, b in runs.transpose(0, 2, 1)]
    absent = [paired_difference(a, b, draws=200) for a, b in runs.transpose(0, 2, 1)]
    assert np.mean([found.test.p <= 0.05 for found in there]) > 0.95
    assert np.mean([found.test.p <= 0.05 for found in absent]) <= 0.05 + 0.02  # 0.039 = 10/256 exactly; three errors
    assert np.mean([found.interval.holds(0.03) for found in there]) == pytest.approx(0.95, abs=0.025)
    assert np.mean([found.bootstrap.holds(0.0) for found in absent]) == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize("n", [0, 1])
def test_without_two_pairs_there_is_no_interval(n):
    found = difference([0.5] * n)
    assert found.n == n
    assert not any(interval.holds(0.5) for interval in (found.interval, found.bootstrap, found.effect))


def test_conditions_of_unequal_numbers_of_seeds_are_refused():
    with pytest.raises(ValueError, match="first and second must be equally long, got 3 and 2; give NaN"):
        paired_difference([1.0, 2.0, 3.0], [1.0, 2.0])


def test_a_matrix_is_refused():
    with pytest.raises(ValueError, match=r"second must be a vector, got shape \(2, 1\)"):
        paired_difference([1.0, 2.0], np.ones((2, 1)))


def test_a_confidence_of_a_hundred_percent_is_refused():
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1, got 95"):
        paired_difference(FIRST, SECOND, confidence=95)
