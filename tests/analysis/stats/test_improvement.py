import math

import numpy as np
import pytest
from scipy.stats import binomtest, multinomial

from analysis.stats import probability_of_improvement


def differences(wins, ties, n):
    return [0.1] * wins + [0.0] * ties + [-0.1] * (n - wins - ties)


@pytest.mark.parametrize("wins", range(6))
def test_without_ties_the_interval_is_the_binomials_exact_one(wins):
    found = probability_of_improvement(differences(wins, 0, 5), 0.9)
    expected = binomtest(wins, 5).proportion_ci(0.9, method="exact")
    assert (found.value, found.low, found.high) == pytest.approx((wins / 5, expected.low, expected.high), abs=1e-12)


def test_ties_count_half():
    assert probability_of_improvement([0.1, 0.0, 0.0, -0.1]).value == 0.5
    assert probability_of_improvement([0.0, 0.0]).value == 0.5


def test_a_rounding_is_a_tie():
    assert probability_of_improvement([0.01, (0.3 - 0.2) - 0.1]).value == 0.75


@pytest.mark.parametrize("n", [3, 5])
def test_the_interval_covers_whatever_the_probabilities_of_winning_and_tying_are(n):
    outcomes = [(wins, ties) for wins in range(n + 1) for ties in range(n + 1 - wins)]
    intervals = {outcome: probability_of_improvement(differences(*outcome, n)) for outcome in outcomes}
    for tie in np.linspace(0, 1, 11):
        for win in np.linspace(0, 1 - tie, 21):
            chances = [win, tie, max(1 - win - tie, 0.0)]
            held = [outcome for outcome in outcomes if intervals[outcome].holds(win + tie / 2)]
            covered = sum(multinomial.pmf([wins, ties, n - wins - ties], n, chances) for wins, ties in held)
            assert covered > 0.97


def test_both_directions_add_up_to_one():
    values = np.array([0.3, -0.1, 0.0, 0.2])
    gain, other = probability_of_improvement(values), probability_of_improvement(-values)
    assert (other.value, other.low, other.high) == pytest.approx((1 - gain.value, 1 - gain.high, 1 - gain.low))


def test_no_pair_is_nan_throughout():
    found = probability_of_improvement([math.nan])
    assert found.n == 0
    assert all(math.isnan(value) for value in (found.value, found.low, found.high))


def test_one_pair_leaves_nearly_everything_open():
    found = probability_of_improvement([0.1])
    assert (found.value, found.low, found.high) == (1.0, pytest.approx(0.025), 1.0)
