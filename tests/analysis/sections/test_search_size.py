import pytest

from analysis.findings.tuning_curves import tuning_curves
from analysis.notation import percent
from analysis.sections.search_size import NO_RESULT, budget
from analysis.stats import Interval
from tests.analysis.searches import searched


def test_expected_scores_are_those_of_the_curve_and_are_said_to_be_no_result():
    tables = searched(algorithm="sobol")
    section = budget(tables)
    (curve,) = tuning_curves(tables)
    band = curve.expected.band
    bounds = [(band.mean[place], band.low[place], band.high[place]) for place in (0, 3, 7)]
    at = [percent(Interval(mean=mean, low=low, high=high, n=16)) for mean, low, high in bounds]
    assert section.sheet.groups["mlp-small"] == [("decay", *at, "16")]
    assert section.said == (NO_RESULT,)


@pytest.mark.parametrize(
    ("reasons", "search", "why"),
    [
        (None, {"algorithm": "tpe"}, "needs exchangeable trials"),
        ({3: "early_stopped"}, {"algorithm": "sobol"}, "got 1 of 16 that were stopped early"),
    ],
)
def test_a_curve_that_may_not_be_drawn_is_a_sentence_that_says_why(reasons, search, why):
    section = budget(searched(reasons=reasons, **search))
    (said,) = section.said
    assert said.startswith("No curve for any cell: an expected best score needs")
    assert why in said
    assert section.picture is section.sheet is None
