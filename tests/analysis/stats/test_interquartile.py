import math

import numpy as np
import pytest
import scipy.stats

from analysis.stats import interquartile_mean


@pytest.mark.parametrize("shape", [(5, 1), (5, 2), (3, 7), (8, 4)], ids=str)
def test_it_is_scipys_trimmed_mean_of_all_runs(shape):
    scores = np.random.default_rng(19).normal(size=shape)
    found = interquartile_mean(scores)
    assert found.value == pytest.approx(scipy.stats.trim_mean(scores, 0.25, axis=None), rel=1e-12)
    assert found.n == scores.size


def test_the_standard_error_is_that_of_scipys_bootstrap():
    scores = np.random.default_rng(19).normal(size=(9, 1))
    expected = scipy.stats.bootstrap(
        (scores[:, 0],), lambda x, axis: scipy.stats.trim_mean(x, 0.25, axis=axis), n_resamples=20_000, rng=19
    ).standard_error
    found = interquartile_mean(scores, draws=20_000)
    half = scipy.stats.t.ppf(0.975, 8) * math.sqrt(9 / 8) * expected
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.03)


def test_architectures_are_not_resampled():
    # No seed differs from another, so that other seeds would tell the same of these architectures.
    found = interquartile_mean(np.array([[0.4, 0.6, 0.7, 0.9]] * 5))
    assert (found.low, found.value, found.high) == pytest.approx((0.65, 0.65, 0.65), abs=1e-12)


def test_an_outlying_run_moves_it_little():
    scores = np.full((5, 2), 0.9)
    scores[0, 0] = 0.1
    assert interquartile_mean(scores).value == pytest.approx(0.9)


@pytest.mark.parametrize(("seeds", "architectures"), [(3, 2), (5, 1), (5, 4)])
def test_intervals_cover_at_nearly_the_nominal_rate(seeds, architectures):
    samples = np.random.default_rng(19).normal(size=(1000, seeds, architectures))
    rate = np.mean([interquartile_mean(sample, draws=500).holds(0.0) for sample in samples])
    assert 0.925 < rate < 0.985  # measured 0.965, 0.974, 0.949


def test_against_a_baseline_it_is_that_of_the_differences_on_the_same_seeds():
    rng = np.random.default_rng(19)
    levels, shared = np.array([0.4, 0.9]), rng.normal(size=(5, 1))
    baseline = levels + shared + 0.01 * rng.normal(size=(5, 2))
    scores = baseline + 0.02 + 0.001 * rng.normal(size=(5, 2))
    found = interquartile_mean(scores, baseline)
    assert found.value == pytest.approx(scipy.stats.trim_mean(scores - baseline, 0.25, axis=None), rel=1e-9)
    assert found.holds(0.02)
    assert found.high - found.low < 0.005


def test_a_seed_that_one_side_lacks_is_left_out():
    scores, baseline = np.arange(8.0).reshape(4, 2), np.zeros((4, 2))
    scores[0, 0], baseline[3, 1] = math.nan, math.nan
    found = interquartile_mean(scores, baseline)
    assert (found.n, found.value) == (6, pytest.approx(np.mean([2.0, 3.0, 4.0, 5.0])))  # of 1, 2, 3, 4, 5, 6


def test_an_architecture_without_a_run_is_left_out():
    scores = np.random.default_rng(19).normal(size=(5, 2))
    gaps = np.column_stack([scores, np.full(5, math.nan)])
    assert interquartile_mean(gaps) == interquartile_mean(scores)


def test_an_architecture_of_one_run_leaves_the_spread_unknown():
    scores = np.random.default_rng(19).normal(size=(5, 2))
    scores[1:, 1] = math.nan
    found = interquartile_mean(scores)
    assert math.isfinite(found.value)
    assert math.isnan(found.low)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)], ids=str)
def test_no_run_is_nan_throughout(shape):
    found = interquartile_mean(np.zeros(shape))
    assert found.n == 0
    assert math.isnan(found.value)


def test_scores_that_are_no_matrix_are_refused():
    with pytest.raises(ValueError, match=r"scores must have shape \(seeds, architectures\), got \(3,\)"):
        interquartile_mean(np.zeros(3))


def test_a_baseline_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"one shape, got \(3, 2\) and \(2, 2\); give NaN"):
        interquartile_mean(np.zeros((3, 2)), np.zeros((2, 2)))
