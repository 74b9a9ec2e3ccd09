import math

import numpy as np
import pytest
import scipy.integrate
import scipy.stats

from analysis.stats import detectable_difference


@pytest.mark.parametrize("n", [2, 5, 30])
@pytest.mark.parametrize(("alpha", "power"), [(0.05, 0.8), (0.01, 0.95), (0.3, 0.35)])
def test_a_t_test_of_that_difference_has_the_power(n, alpha, power):
    mean = math.sqrt(n) * detectable_difference(n, 1.0, alpha=alpha, power=power)
    critical = scipy.stats.t.ppf(1 - alpha / 2, n - 1)

    def found_at(ratio):  # the test's power, given the ratio of sample deviation to true deviation, and its density
        power_there = scipy.stats.norm.sf(critical * ratio - mean) + scipy.stats.norm.cdf(-critical * ratio - mean)
        return power_there * 2 * ratio * (n - 1) * scipy.stats.chi2.pdf((n - 1) * ratio**2, n - 1)

    found, _ = scipy.integrate.quad(found_at, 0, np.inf)
    assert found == pytest.approx(power, abs=1e-6)


def test_simulated_seeds_find_it_as_often_as_promised():
    difference = detectable_difference(5, 0.02)
    samples = np.random.default_rng(19).normal(difference, 0.02, size=(20_000, 5))
    found = scipy.stats.ttest_1samp(samples, 0.0, axis=1).pvalue <= 0.05
    assert found.mean() == pytest.approx(0.8, abs=0.01)  # 3.5 standard errors


def test_tables_of_power_say_34_pairs_for_half_a_deviation():
    assert detectable_difference(34, 1.0) <= 0.5 < detectable_difference(33, 1.0)


def test_with_many_pairs_it_is_that_of_the_normal_distribution():
    expected = (scipy.stats.norm.ppf(0.975) + scipy.stats.norm.ppf(0.8)) / math.sqrt(10_000)
    assert detectable_difference(10_000, 1.0) == pytest.approx(expected, rel=1e-3)


def test_it_is_proportional_to_the_deviation():
    assert detectable_difference(5, 0.02) == pytest.approx(0.02 * detectable_difference(5, 1.0), rel=1e-12)
    assert detectable_difference(5, 0.0) == 0.0


@pytest.mark.parametrize(("n", "deviation"), [(0, 1.0), (1, 1.0), (5, math.nan)])
def test_without_a_spread_it_is_unknown(n, deviation):
    assert math.isnan(detectable_difference(n, deviation))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": 0.0}, "alpha must lie between 0 and 1"),
        ({"power": 1.0}, "power must lie between 0 and 1"),
        ({"alpha": 0.5, "power": 0.4}, "power must exceed alpha, got 0.4 and 0.5"),
        ({"deviation": -1.0}, "not negative, got -1.0"),
        ({"deviation": math.inf}, "not negative, got inf"),
    ],
    ids=str,
)
def test_what_no_test_can_do_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        detectable_difference(**{"n": 5, "deviation": 1.0, **options})
