from analysis.plots.picture import Picture
from analysis.sections.norms import norms
from tests.analysis import planted

CURVES = Picture(name="holding", title="Curves", svg=b"")


def test_words_tell_rises_from_norms_that_stay(quickstart):
    """Norms go from 1 to 5 in the baseline, to 3 under decay, and stay at 1 under spectral, on every seed."""
    found = norms(quickstart, CURVES)
    assert found.said[0] == (
        "mlp-small: from epoch 0 to 4 the largest spectral norm by the interval alone rises under baseline "
        "(+4.00 [+4.00, +4.00], sign-flip p 0.250, by Holm's rule 1.00) and decay (+2.00 [+2.00, +2.00], sign-flip p "
        "0.250, by Holm's rule 1.00), where 3 seeds allow no p below 0.250, by Holm's rule over 6 comparisons none "
        "below 1.00; no change seen under spectral (0 [0, 0])."
    )
    assert found.sheet.groups["mlp-small"][1] == (
        *("decay", "1.00 ± 0.00", "3.00 ± 0.00", "+2.00 [+2.00, +2.00]"),
        *("0.750 ± 0.000", "2.25 ± 0.00", "+1.50 [+1.50, +1.50]", "3"),
    )


def test_a_study_that_measured_nothing_says_so():
    found = norms(planted.tables(planted.confirmed({}, seeds=2)), CURVES)
    assert found.said == (
        "No confirmation run has measured its weights at two epochs, so there is no change to report.",
    )
    assert found.sheet is None
