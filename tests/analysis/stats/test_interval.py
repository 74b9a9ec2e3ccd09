import math

import numpy as np
import pytest
import scipy.stats

from analysis.stats import Estimate, Interval, mean_band, mean_interval


@pytest.mark.parametrize("n", [2, 3, 5, 50], ids=lambda n: f"n={n}")
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999], ids=lambda c: f"confidence={c}")
def test_the_interval_is_that_of_scipy(n, confidence):
    values = np.random.default_rng(19).normal(3.0, 2.0, size=n)
    found = mean_interval(values, confidence)
    low, high = scipy.stats.t.interval(confidence, n - 1, loc=values.mean(), scale=scipy.stats.sem(values))
    np.testing.assert_allclose([found.mean, found.low, found.high], [values.mean(), low, high], rtol=1e-12)
    assert found.n == n


def test_three_values_by_hand():
    # s = 0.01, t(2, 0.975) = 4.302653, half-width = 4.302653 * 0.01 / sqrt(3)
    assert mean_interval([0.89, 0.90, 0.91]).half_width == pytest.approx(0.0248414, abs=1e-7)


def test_one_value_has_a_mean_and_no_bounds():
    found = mean_interval([0.7])
    assert (found.mean, found.n) == (0.7, 1)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_no_value_is_nan_throughout():
    found = mean_interval([])
    assert found.n == 0
    assert all(math.isnan(value) for value in (found.mean, found.low, found.high))


def test_equal_values_have_an_interval_of_no_length():
    assert mean_interval([0.1, 0.1, 0.1]).half_width == pytest.approx(0.0, abs=1e-15)


def test_each_position_of_a_band_is_an_interval_without_its_missing_values():
    values = np.random.default_rng(19).normal(size=(6, 4))
    values[2:, 0] = math.nan
    values[1:, 1] = math.nan
    values[:, 2] = math.nan
    band = mean_band(values)
    for position in range(4):
        column = values[:, position]
        expected = mean_interval(column[~np.isnan(column)])
        got = (band.mean[position], band.low[position], band.high[position])
        np.testing.assert_array_equal(got, (expected.mean, expected.low, expected.high))
        assert band.n[position] == expected.n


def test_a_large_offset_costs_no_digits():
    values = np.array([1.0, 2.0, 3.0])
    assert mean_interval(values + 1e9).half_width == pytest.approx(mean_interval(values).half_width, rel=1e-6)


def test_intervals_cover_the_true_mean_at_their_nominal_rate():
    samples = np.random.default_rng(19).normal(size=(5, 20_000))
    band = mean_band(samples, 0.9)
    covered = ((band.low <= 0) & (band.high >= 0)).mean()
    assert covered == pytest.approx(0.9, abs=0.01)  # 0.01 is 4.7 standard errors of the rate


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95, -1, math.nan])
def test_a_confidence_outside_of_0_and_1_is_refused(confidence):
    with pytest.raises(ValueError, match=r"confidence must lie between 0 and 1, got .*choose e\.g\. 0\.95"):
        mean_interval([1.0, 2.0], confidence)


def test_values_that_are_no_matrix_are_refused():
    with pytest.raises(ValueError, match=r"shape \(runs, positions\), got \(3,\)"):
        mean_band(np.zeros(3))


@pytest.mark.parametrize(("value", "held"), [(1.0, True), (1.5, True), (2.0, True), (2.1, False), (0.0, False)])
def test_an_interval_holds_what_lies_between_its_bounds(value, held):
    assert Interval(mean=1.5, low=1.0, high=2.0, n=3).holds(value) is held
    assert Estimate(value=1.5, low=1.0, high=2.0, n=3).holds(value) is held


def test_without_bounds_nothing_is_held():
    assert not Interval(mean=0.0, low=math.nan, high=math.nan, n=1).holds(0.0)
    assert not Estimate(value=0.0, low=math.nan, high=math.nan, n=1).holds(0.0)
