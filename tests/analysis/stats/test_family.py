import itertools

import numpy as np
import pytest

from analysis.stats import family_tests, holm, sign_flip_test, smallest_p


def test_every_test_is_that_of_holms_rule_over_the_family():
    family = [sign_flip_test(differences) for differences in np.random.default_rng(19).normal(0.5, 1.0, size=(6, 8))]
    found = family_tests(family)
    assert [test.adjusted_p for test in found] == holm([test.p for test in family]).tolist()
    assert [test.agrees for test in found] == [test.adjusted_p <= 0.05 for test in found]
    assert {test.comparisons for test in found} == {6}


@pytest.mark.parametrize("seeds", [(5, 5, 5, 5), (5, 6), (4, 8, 8), (9, 3, 6)], ids=str)
def test_the_least_is_the_smallest_that_any_outcome_of_the_family_gives(seeds):
    """Looked for among all that a family of tests can say, each p being a multiple of its smallest."""
    values = [[smallest_p(n) * times for times in (1, 2, 3)] for n in seeds]
    reached = np.min([holm([min(p, 1.0) for p in each]) for each in itertools.product(*values)], axis=0)
    found = family_tests([sign_flip_test(np.arange(1.0, n + 1)) for n in seeds])
    assert [test.least for test in found] == pytest.approx(reached.tolist())


@pytest.mark.parametrize(("seeds", "comparisons", "could"), [(5, 1, False), (6, 1, True), (7, 4, False), (8, 4, True)])
def test_five_seeds_can_never_agree_and_more_comparisons_ask_for_more(seeds, comparisons, could):
    found = family_tests([sign_flip_test(np.arange(1.0, seeds + 1))] * comparisons)
    assert {test.could for test in found} == {could}
    assert found[0].least == comparisons * smallest_p(seeds)


def test_a_comparison_without_a_pair_is_none_of_the_family():
    test, none = family_tests([sign_flip_test([1.0, 2.0, 3.0]), sign_flip_test([])])
    assert (test.comparisons, test.adjusted_p, none.agrees, none.could) == (1, 0.25, False, False)
