import itertools
import math

import numpy as np
import pytest
import scipy.stats

from analysis.stats import sign_flip_test, smallest_p


def enumerated(differences):
    """The share of all patterns of signs whose sum is at least as large, by whole numbers."""
    observed = abs(sum(differences))
    sums = [
        abs(sum(sign * difference for sign, difference in zip(signs, differences, strict=True)))
        for signs in itertools.product((-1, 1), repeat=len(differences))
    ]
    return sum(total >= observed for total in sums) / len(sums)


@pytest.mark.parametrize("n", range(1, 11))
def test_p_is_that_of_every_pattern_of_signs(n):
    differences = np.random.default_rng(n).integers(-6, 10, size=n)  # zeros and ties among them
    found = sign_flip_test(differences)
    assert found.p == enumerated(differences.tolist())
    assert (found.n, found.exact) == (n, True)


def test_p_is_that_of_scipys_permutation_test():
    differences = np.random.default_rng(19).normal(0.5, 1.0, size=9)
    expected = scipy.stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=math.inf, vectorized=True
    )
    assert sign_flip_test(differences).p == pytest.approx(expected.pvalue, abs=1e-15)


@pytest.mark.parametrize("seed", range(5))
def test_differences_of_decimal_accuracies_tie_where_their_decimals_do(seed):
    rng = np.random.default_rng(seed)
    baseline, gained = rng.integers(8000, 9000, size=10), rng.integers(-3, 4, size=10)
    differences = (baseline + gained) / 10_000 - baseline / 10_000
    assert sign_flip_test(differences).p == enumerated(gained.tolist())


@pytest.mark.parametrize(
    "sizes", [[1, 2, 4, 8, 16], [1, 1, 1, 1, 1, 1], [0, 1, 2, 2, 3, 5, 5]], ids=["apart", "equal", "tied"]
)
def test_under_the_null_p_falls_to_a_level_with_at_most_that_probability(sizes):
    signs = itertools.product((-1, 1), repeat=len(sizes))
    found = np.array([sign_flip_test(np.array(flips) * sizes).p for flips in signs])
    for level in np.unique(found):
        assert (found <= level).mean() <= level
    assert found.mean() >= 0.5


def test_without_ties_the_level_is_used_to_the_full():
    signs = itertools.product((-1, 1), repeat=6)
    found = np.array([sign_flip_test(np.array(flips) * [1, 2, 4, 8, 16, 32]).p for flips in signs])
    for level in np.unique(found):
        assert (found <= level).mean() == level


def test_many_pairs_are_drawn_and_agree_with_the_exact_distribution():
    differences = np.random.default_rng(19).integers(-3, 5, size=30)
    counts = np.ones(1)  # how many patterns have each sum, by convolution
    for difference in differences:
        step = np.zeros(2 * abs(difference) + 1)
        step[0] += 1
        step[-1] += 1
        counts = np.convolve(counts, step)
    sums = np.arange(len(counts)) - len(counts) // 2
    exact = counts[abs(sums) >= abs(differences.sum())].sum() / counts.sum()
    found = sign_flip_test(differences)
    assert not found.exact
    assert found.p == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 100_000))


def test_drawn_patterns_never_give_a_p_of_zero():
    found = sign_flip_test(np.arange(1.0, 41.0), draws=999)
    assert found.p == found.smallest == 0.001


def test_twenty_pairs_are_looked_at_whole():
    found = sign_flip_test(np.arange(1.0, 21.0))
    assert (found.exact, found.p) == (True, 2 / 2**20)


def test_five_seeds_cannot_reach_the_five_percent_level():
    assert sign_flip_test([1.0, 2.0, 3.0, 4.0, 5.0]).p == smallest_p(5) == 0.0625
    assert smallest_p(6) == 0.03125


def test_a_missing_pair_is_left_out():
    found = sign_flip_test([1.0, math.nan, 2.0])
    assert (found.n, found.p, found.smallest) == (2, 0.5, 0.5)


def test_no_difference_at_all_has_a_p_of_one():
    assert sign_flip_test([0.0, 0.0, 0.0]).p == 1.0


def test_one_pair_says_nothing():
    assert sign_flip_test([5.0]).p == 1.0


def test_no_pair_has_no_p():
    found = sign_flip_test([])
    assert (found.n, math.isnan(found.p), math.isnan(found.smallest)) == (0, True, True)


def test_a_negative_number_of_pairs_is_refused():
    with pytest.raises(ValueError, match="must not be negative, got -1"):
        smallest_p(-1)


@pytest.mark.parametrize(
    ("differences", "message"),
    [([[1.0, 2.0]], r"differences must be a vector, got shape \(1, 2\)"), ([math.inf], "finite or NaN")],
    ids=["matrix", "infinite"],
)
def test_what_is_no_vector_of_numbers_is_refused(differences, message):
    with pytest.raises(ValueError, match=message):
        sign_flip_test(differences)
