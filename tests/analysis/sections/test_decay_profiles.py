from analysis.findings.kept_spectra import kept
from analysis.sections.decay_profiles import distributed
from tests.analysis import planted


def test_architectures_are_set_side_by_side_under_each_condition(quickstart):
    """Both have the same weights, of which half of the values lie at 2^-3.5 and 2^-1.5 of the largest."""
    found = distributed(quickstart, kept(quickstart))
    assert found.said[0] == (
        "baseline: half-way down its list a singular value is, of the largest, 23.44 ± 0.00% in mlp-small and "
        "23.44 ± 0.00% in resnet-small. Against mlp-small, no difference seen in resnet-small (0.00 [0.00, 0.00] "
        "points)."
    )
    assert len(found.said) == 3
    half = found.sheet.groups["resnet-small"][0]
    assert (half[2], half[4], half[5]) == ("23.44 ± 0.00", "0.00 [0.00, 0.00]", "3")


def test_a_study_without_spectra_says_so():
    found = distributed(planted.tables(planted.confirmed({}, seeds=2)), ())
    assert found.said == ("No confirmation run has stored spectra.",)
    assert found.picture is found.sheet is None
