import itertools

import numpy as np
import pytest

from analysis.stats import expected_best


def curve(scores, budgets=None, **options):
    return expected_best(scores, budgets, exchangeable=True, full_budget=[True] * len(scores), **options)


def test_it_is_the_mean_best_of_all_subsets():
    scores = [0.3, 0.9, 0.1, 0.7, 0.7, 0.2]
    found = curve(scores, range(1, 7)).band.mean
    expected = [np.mean([max(subset) for subset in itertools.combinations(scores, n)]) for n in range(1, 7)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_budgets_reach_to_half_of_the_trials_and_bounds_to_a_quarter():
    found = curve(np.random.default_rng(19).uniform(size=17))
    assert found.budgets.tolist() == list(range(1, 9))
    assert np.isfinite(found.band.low).tolist() == [True] * 4 + [False] * 4
    assert found.band.n.tolist() == [17] * 8


def test_thousands_of_trials_lose_no_digits():
    found = curve(np.linspace(0, 1, 4001), [1, 10, 1000], draws=2).band.mean
    np.testing.assert_allclose(found, [0.5, 10 / 11 * 4002 / 4000 - 1 / 4000, 1000 / 1001 * 4002 / 4000 - 1 / 4000])


@pytest.mark.parametrize("trials", [16, 32])
def test_intervals_cover_and_the_estimate_has_no_bias(trials):
    budgets = np.array([1, 2, trials // 4])
    truth = budgets / (budgets + 1)  # the expected largest of n uniform numbers
    samples = np.random.default_rng(19).uniform(size=(1000, trials))
    bands = [curve(sample, budgets, draws=500).band for sample in samples]
    assert np.mean([band.mean for band in bands], axis=0) == pytest.approx(truth, abs=0.01)
    rates = np.mean([(band.low <= truth) & (truth <= band.high) for band in bands], axis=0)
    assert ((rates > 0.91) & (rates < 0.975)).all(), rates  # measured 0.93 … 0.96


def test_for_one_trial_the_interval_is_students():
    scores = np.random.default_rng(19).normal(size=12)
    band = curve(scores, [1], draws=50_000).band
    half = 2.2009852 * scores.std(ddof=1) / np.sqrt(12)
    assert float(band.high[0] - band.mean[0]) == pytest.approx(half, rel=0.015)


@pytest.mark.parametrize("scores", [[0.5], [0.5, 0.5, 0.5, 0.5]], ids=["one trial", "equal trials"])
def test_trials_without_a_spread_expect_what_they_have(scores):
    found = curve(scores).band
    assert found.mean == pytest.approx([0.5] * max(len(scores) // 2, 1))
    assert np.isnan(found.low[0]) == (len(scores) == 1)


def test_trials_that_learned_from_one_another_are_refused():
    with pytest.raises(ValueError, match=r"needs exchangeable trials, got .* learns from its own results; search with"):
        expected_best([0.1, 0.2], exchangeable=False, full_budget=[True, True])


def test_trials_that_were_stopped_early_are_refused():
    with pytest.raises(ValueError, match="full budget, got 1 of 2 that were stopped early; search with"):
        expected_best([0.1, 0.2], exchangeable=True, full_budget=[True, False])


@pytest.mark.parametrize("budgets", [[3], [0, 1], [[1]]], ids=["more than there are", "none", "a matrix"])
def test_budgets_that_the_trials_cannot_tell_of_are_refused(budgets):
    with pytest.raises(ValueError, match="budgets must be whole numbers from 1 to 2 trials"):
        curve([0.1, 0.2], budgets)


@pytest.mark.parametrize(
    ("scores", "full", "message"),
    [
        ([], [], "needs a trial, got none"),
        ([0.1, np.nan], [True, True], "every trial needs a score, 1 of 2 have none; give the worst"),
        ([0.1, 0.2], [True], r"yes or no of each of 2 trials, got shape \(1,\)"),
        ([0.1, -np.inf], [True, True], "finite or NaN"),
    ],
    ids=["no trial", "a missing score", "too few flags", "infinite"],
)
def test_trials_that_lack_something_are_refused(scores, full, message):
    with pytest.raises(ValueError, match=message):
        expected_best(scores, exchangeable=True, full_budget=full)
