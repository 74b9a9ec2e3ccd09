import itertools
import math

import numpy as np
import pytest
import scipy.stats

from analysis.stats import kendall_tau, kendall_taus
from analysis.stats.bootstrap import resamples


def pairs(n, correlation, rng, *, ties=False):
    x = rng.normal(size=n)
    y = correlation * x + math.sqrt(1 - correlation**2) * rng.normal(size=n)
    return (np.round(x), np.round(y)) if ties else (x, y)


def half_width(drawn, units):
    """Student's t around the standard deviation of statistics over resamples."""
    return scipy.stats.t.ppf(0.975, units - 1) * math.sqrt(units / (units - 1)) * np.nanstd(drawn, ddof=1)


@pytest.mark.parametrize("ties", [False, True], ids=["no ties", "ties"])
def test_the_interval_is_made_of_scipys_tau_of_each_resample(ties):
    x, y = pairs(12, 0.3, np.random.default_rng(19), ties=ties)
    found = kendall_tau(x, y, draws=200, seed=4)
    drawn = [scipy.stats.kendalltau(x[places], y[places]).statistic for places in resamples(12, draws=200, seed=4)]
    assert found.value == scipy.stats.kendalltau(x, y).statistic
    half = half_width(drawn, 12)
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half), rel=1e-9)


def test_trials_of_a_unit_are_resampled_together():
    rng = np.random.default_rng(19)
    unit = np.repeat(np.arange(6), [1, 2, 3, 3, 2, 1])
    x, y = pairs(12, 0.2, rng)
    drawn = []
    for units in resamples(6, draws=200, seed=4):
        mine = np.concatenate([np.flatnonzero(unit == number) for number in units])
        drawn.append(scipy.stats.kendalltau(x[mine], y[mine]).statistic)
    found = kendall_tau(x, y, units=[f"draw {number}" for number in unit], draws=200, seed=4)
    assert found.n == 6
    assert found.high - found.value == pytest.approx(half_width(drawn, 6), rel=1e-9)


@pytest.mark.parametrize("held", [2**22, 1], ids=["at once", "one at a time"])
def test_many_measures_are_correlated_each_as_if_it_were_alone(monkeypatch, held):
    """Some lack values at the same trials and some at others, some have ties, one is constant, one has no value."""
    monkeypatch.setattr("analysis.stats.units._HELD", held)
    rng = np.random.default_rng(19)
    y, unit = rng.normal(size=30), rng.integers(0, 7, size=30)
    measures = 0.5 * y + rng.normal(size=(9, 30))
    measures[1], measures[2] = np.round(measures[1]), 1.0
    measures[3:5, 4], measures[5, :20], measures[6] = math.nan, math.nan, math.nan
    found = kendall_taus(measures, y, units=unit, draws=50, seed=4)
    for estimate, measure in zip(found, measures, strict=True):
        alone = kendall_tau(measure, y, units=unit, draws=50, seed=4)
        assert estimate.n == alone.n
        assert (estimate.value, estimate.low, estimate.high) == pytest.approx(
            (alone.value, alone.low, alone.high), nan_ok=True
        )
    assert [math.isnan(estimate.value) for estimate in found] == [number in {2, 6} for number in range(9)]


def test_measures_of_other_trials_than_the_outcomes_are_refused():
    with pytest.raises(ValueError, match="measures and outcome must be equally long, got 3 and 2"):
        kendall_taus(np.zeros((4, 3)), [1.0, 2.0])
    with pytest.raises(ValueError, match=r"measures must have shape \(measures, trials\), got \(3,\)"):
        kendall_taus(np.zeros(3), [1.0, 2.0, 3.0])


@pytest.mark.parametrize(("n", "correlation"), [(16, 0.0), (16, 0.9), (48, 0.5)])
def test_intervals_cover_at_their_nominal_rate(n, correlation):
    rng = np.random.default_rng(19)
    truth = 2 / math.pi * math.asin(correlation)
    rate = np.mean([kendall_tau(*pairs(n, correlation, rng), draws=500).holds(truth) for _ in range(600)])
    assert 0.92 < rate < 0.99  # measured 0.95 … 0.98


def test_a_perfect_order_is_one_and_its_reverse_minus_one():
    assert kendall_tau([1.0, 2.0, 3.0], [10.0, 20.0, 40.0]).value == pytest.approx(1.0)
    found = kendall_tau([1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0])
    assert found.value == pytest.approx(-1.0)
    assert (found.low, found.high) == (-1.0, -1.0)


def test_bounds_stay_within_one():
    found = kendall_tau([1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 2.0, 3.0, 5.0, 4.0])
    assert (found.value, found.high) == (pytest.approx(0.8), 1.0)


def test_a_trial_without_one_of_the_two_is_left_out():
    x, y = [1.0, math.nan, 3.0, 2.0, 5.0], [0.1, 0.2, 0.3, math.nan, 0.2]
    assert kendall_tau(x, y) == kendall_tau([1.0, 3.0, 5.0], [0.1, 0.3, 0.2])


@pytest.mark.parametrize(
    ("x", "y"),
    [([], []), ([1.0], [1.0]), ([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]), ([1.0, 2.0], [math.nan, 2.0])],
    ids=["no trial", "one trial", "a constant", "one whole trial"],
)
def test_what_orders_nothing_has_no_correlation(x, y):
    found = kendall_tau(x, y)
    assert all(math.isnan(value) for value in (found.value, found.low, found.high))


def test_one_unit_has_no_interval():
    found = kendall_tau([1.0, 2.0, 3.0], [1.0, 3.0, 2.0], units=[0, 0, 0])
    assert found.n == 1
    assert math.isnan(found.low)


def test_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="measure and outcome must be equally long, got 2 and 1"):
        kendall_tau([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="every trial needs its label, got 1 for 2 trials"):
        kendall_tau([1.0, 2.0], [1.0, 2.0], units=[0])


def within(x, y, stratum, mine):
    """τ of the trials of a resample, over their pairs of one stratum, added up pair by pair."""
    agree, left, right = 0.0, 0.0, 0.0
    for trial, other in itertools.combinations(mine, 2):
        if stratum[trial] == stratum[other]:
            dx, dy = np.sign(x[trial] - x[other]), np.sign(y[trial] - y[other])
            agree, left, right = agree + dx * dy, left + dx**2, right + dy**2
    return agree / math.sqrt(left * right) if left and right else math.nan


@pytest.mark.parametrize("ties", [False, True], ids=["no ties", "ties"])
def test_within_strata_tau_is_that_of_the_pairs_of_one_stratum(ties):
    rng = np.random.default_rng(19)
    stratum, unit = np.repeat([0, 1, 2], [12, 6, 6]), np.tile(np.arange(6), 4)
    x, y = pairs(24, 0.4, rng, ties=ties)
    x, y = x + 10.0 * stratum, y - 10.0 * stratum
    found = kendall_tau(x, y, units=unit, strata=stratum, draws=60, seed=4)
    assert found.value == pytest.approx(within(x, y, stratum, range(24)))
    drawn = [
        within(x, y, stratum, np.concatenate([np.flatnonzero(unit == number) for number in units]))
        for units in resamples(6, draws=60, seed=4)
    ]
    assert (found.n, found.high - found.value) == (6, pytest.approx(half_width(drawn, 6), rel=1e-9))
    assert found.value > 0 > kendall_tau(x, y).value


def test_what_is_constant_in_every_stratum_has_no_tau_within_them():
    assert math.isnan(kendall_tau([1.0, 1.0, 2.0, 2.0], [0.1, 0.2, 0.3, 0.4], strata=[0, 0, 1, 1]).value)


def test_one_stratum_is_all_pairs():
    x, y = pairs(12, 0.3, np.random.default_rng(19), ties=True)
    stratified, all_pairs = kendall_tau(x, y, strata=[0] * 12), kendall_tau(x, y)
    assert (stratified.value, stratified.low, stratified.high) == pytest.approx((
        all_pairs.value,
        all_pairs.low,
        all_pairs.high,
    ))
