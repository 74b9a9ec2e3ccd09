import math

import pytest

from analysis.notation import count, number, percent, setting
from analysis.stats import mean_interval


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-1.5, "-1.50"),
        (999.9, "1000"),
        (9.996, "10.0"),
        (0.09996, "0.100"),
        (1e-9, "1.00e-09"),
        (123456.0, "123456"),
        (math.nan, "—"),
    ],
)
def test_numbers_have_three_digits_and_no_needless_exponent(value, text):
    assert number(value) == text


def test_an_interval_is_written_with_its_bounds_only_where_it_has_some():
    assert percent(mean_interval([0.89, 0.90, 0.91])) == "90.00 ± 2.48"
    assert percent(mean_interval([0.89, 0.90, 0.91]), bounds=False) == "90.00"
    assert percent(mean_interval([0.5])) == "50.00"
    assert percent(mean_interval([])) == "—"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((1e-5, "1e-5"), (0.5, "0.5"), (3.0, "3"), (0.98, "0.98"), (1500.0, "1500"), (2e6, "2e6"), (-0.25, "-0.25")),
        *((0.0, "0"), (0.00123, "0.00123"), (0.0012345, "0.00123"), (0.09996, "0.100"), (1234.0, "1234")),
        *((math.inf, "∞"), (True, "True"), (64, "64")),
    ],
)
def test_a_setting_is_written_as_a_person_would_and_one_of_many_digits_is_rounded(value, text):
    assert setting(value) == text


def test_thousands_are_set_apart():
    assert count(12000, "epoch") == "12,000 epochs"
