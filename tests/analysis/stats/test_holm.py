import itertools

import numpy as np
import pytest

from analysis.stats import holm


def closed(p):
    """Holm's values by the closure principle: a hypothesis falls when Bonferroni rejects every set that holds it."""
    sets = [s for size in range(1, len(p) + 1) for s in itertools.combinations(range(len(p)), size)]
    return [max(min(1.0, len(s) * min(p[j] for j in s)) for s in sets if i in s) for i in range(len(p))]


@pytest.mark.parametrize("m", range(1, 7))
def test_the_adjusted_values_are_those_of_the_closed_test(m):
    p = np.round(np.random.default_rng(m).uniform(0, 0.3, size=m), 2)  # ties among them
    assert holm(p).tolist() == pytest.approx(closed(p.tolist()), abs=1e-15)


def test_four_values_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_what_was_not_tested_is_not_in_the_family():
    assert holm([np.nan, 0.02, np.nan, 0.5]).tolist() == pytest.approx([np.nan, 0.04, np.nan, 0.5], nan_ok=True)


def test_a_table_keeps_its_shape():
    assert holm(np.array([[0.5, 0.01], [0.02, np.nan]])).shape == (2, 2)


def test_an_empty_family_is_empty():
    assert holm([]).tolist() == []


@pytest.mark.parametrize("p", [-0.1, 1.1])
def test_what_is_no_probability_is_refused(p):
    with pytest.raises(ValueError, match=rf"p-values must lie in \[0, 1\], got {p}"):
        holm([0.5, p])


def test_under_the_null_a_family_makes_a_claim_no_more_often_than_the_level():
    p = np.random.default_rng(19).uniform(size=(4000, 6))
    claims = np.mean([(holm(family) <= 0.05).any() for family in p])
    assert claims == pytest.approx(1 - (1 - 0.05 / 6) ** 6, abs=0.0105)  # three standard errors
