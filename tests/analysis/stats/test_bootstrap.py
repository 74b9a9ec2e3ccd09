import math

import numpy as np
import pytest
from scipy.stats import t as student

from analysis.stats import bootstrap_t, mean_interval
from analysis.stats.bootstrap import multiplicities, resamples, widened


def test_multiplicities_count_the_places_of_the_resamples():
    places, times = resamples(4, draws=50, seed=3), multiplicities(4, draws=50, seed=3)
    assert [[int((row == place).sum()) for place in range(4)] for row in places] == times.tolist()


def test_equal_seeds_give_equal_bounds_and_other_seeds_others():
    values = np.random.default_rng(19).normal(size=6)
    assert bootstrap_t(values, seed=1) == bootstrap_t(values, seed=1)
    assert bootstrap_t(values, seed=1) != bootstrap_t(values, seed=2)


def test_the_interval_is_made_of_each_resamples_own_t_statistic():
    values = np.random.default_rng(19).exponential(size=8)
    statistics = []
    for places in resamples(8, draws=401, seed=5):
        drawn = values[places]
        statistics.append((drawn.mean() - values.mean()) / (drawn.std(ddof=1) / math.sqrt(8)))
    statistics.sort()
    error = values.std(ddof=1) / math.sqrt(8)
    found = bootstrap_t(values, draws=401, seed=5)  # the 10th of 0 … 400 cuts 2.5 % off
    assert found.low == pytest.approx(values.mean() - statistics[390] * error, rel=1e-12)
    assert found.high == pytest.approx(values.mean() - statistics[10] * error, rel=1e-12)


def test_the_interval_follows_a_change_of_unit():
    values = np.random.default_rng(19).normal(size=7)
    first, other = bootstrap_t(values), bootstrap_t(100 * values + 3)
    np.testing.assert_allclose([other.low, other.high], [100 * first.low + 3, 100 * first.high + 3], rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "least", "most"), [("normal", 0.92, 0.97), ("exponential", 0.90, 0.96)], ids=["normal", "exponential"]
)
def test_five_values_are_enough_to_cover_the_mean_at_nearly_the_nominal_rate(name, least, most):
    samples = getattr(np.random.default_rng(19), name)(size=(1500, 5))
    truth = {"normal": 0.0, "exponential": 1.0}[name]
    rate = np.mean([bootstrap_t(sample, draws=1000).holds(truth) for sample in samples])
    assert least < rate < most  # measured 0.944 and 0.931; a standard error is 0.006


def test_a_percentile_interval_of_five_values_would_miss_one_mean_in_six():
    samples = np.random.default_rng(19).normal(size=(1500, 5))
    means = samples[:, resamples(5, draws=1000)].mean(axis=2)
    low, high = np.quantile(means, [0.025, 0.975], axis=1)
    assert ((low <= 0) & (high >= 0)).mean() == pytest.approx(0.835, abs=0.03)


def test_where_values_are_many_it_is_the_t_interval():
    values = np.random.default_rng(19).normal(size=2000)
    first, other = bootstrap_t(values, draws=2000), mean_interval(values)
    assert (first.low, first.high) == pytest.approx((other.low, other.high), abs=0.1 * other.half_width)


def test_three_values_bound_nothing():
    found = bootstrap_t(np.array([1.0, 2.0, 4.0]))
    assert (found.mean, found.low, found.high) == (pytest.approx(7 / 3), -math.inf, math.inf)
    assert found.holds(0.0)


def test_equal_values_have_an_interval_of_no_length():
    found = bootstrap_t(np.array([0.91, 0.92, 0.93]) - np.array([0.90, 0.91, 0.92]))  # equal but for roundings
    assert (found.low, found.high) == (found.mean, found.mean)
    assert found.mean == pytest.approx(0.01)


@pytest.mark.parametrize("values", [[], [math.nan], [0.5], [0.5, math.nan]], ids=str)
def test_fewer_than_two_values_have_no_bounds(values):
    found = bootstrap_t(np.array(values))
    assert found.n == np.isfinite(values).sum()
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert math.isnan(found.mean) is (found.n == 0)


def test_a_missing_value_is_left_out():
    assert bootstrap_t(np.array([1.0, math.nan, 2.0, 5.0, 4.0])) == bootstrap_t(np.array([1.0, 2.0, 5.0, 4.0]))


def test_a_bootstraps_standard_error_widened_is_the_t_interval_of_a_mean():
    values = np.random.default_rng(19).normal(size=5)
    deviation = values[resamples(5, draws=100_000)].mean(axis=1).std()
    half = widened(float(deviation), n=5, freedom=4, confidence=0.9)
    assert half == pytest.approx(student.ppf(0.95, 4) * values.std(ddof=1) / math.sqrt(5), rel=0.01)


def test_too_few_draws_are_refused():
    with pytest.raises(ValueError, match="draws must be at least 2, got 1"):
        bootstrap_t(np.array([1.0, 2.0]), draws=1)
