import math

import pytest

from analysis.stats import Estimate, Interval
from analysis.words.described import Claim, Named, Verbs, claimed, told


def interval(low, high):
    return Interval(mean=(low + high) / 2, low=low, high=high, n=5)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.1, 0.2, Claim.HIGHER),
        (-0.2, -0.1, Claim.LOWER),
        (-0.1, 0.2, Claim.SAME),
        (0.0, 0.2, Claim.SAME),
        (0.0, 0.0, Claim.SAME),
        (-math.inf, math.inf, Claim.SAME),
        (math.nan, math.nan, Claim.OPEN),
    ],
)
def test_a_difference_is_claimed_only_where_the_interval_leaves_out_zero(low, high, said):
    assert claimed(interval(low, high)) is said
    assert claimed(Estimate(value=0.0, low=low, high=high, n=5)) is said


def test_two_seeds_that_differ_by_the_same_settle_nothing():
    equal = {"mean": 0.0028, "low": 0.0028, "high": 0.0028}
    assert claimed(Interval(**equal, n=2)) is Claim.OPEN
    assert claimed(Interval(**equal, n=5)) is Claim.HIGHER
    assert claimed(Interval(mean=0.0, low=0.0, high=0.0, n=2)) is Claim.SAME


def test_many_that_show_no_difference_are_told_by_name_alone():
    each = [Named(name=name, bounds=interval(-1, 1), text="0") for name in "abcd"]
    assert told(each[:3], Verbs()) == "no difference seen with a (0), b (0) and c (0)"
    assert told(each, Verbs()) == "no difference seen with a, b, c and d"


def test_numbers_are_grouped_by_what_may_be_said_of_them():
    bounds = {"a": (1, 2), "b": (-1, 1), "c": (-2, -1), "d": (math.nan, math.nan), "e": (3, 4)}
    each = [Named(name=name, bounds=interval(*ends), text=name.upper()) for name, ends in bounds.items()]
    assert told(each, Verbs()) == (
        "higher with a (A) and e (E); lower with c (C); no difference seen with b (B); "
        "too few seeds for an interval with d (D)"
    )
