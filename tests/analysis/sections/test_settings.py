import pytest

from analysis.findings.compare import comparison
from analysis.findings.importance import importances
from analysis.sections.settings import settings
from tests.analysis.searches import SCORES, chosen, searched


def test_a_chosen_setting_at_an_end_of_its_range_is_a_warning():
    tables = chosen(0.099)
    section = settings(tables, comparison(tables))
    assert section.said == (
        "decay on mlp-small chose its learning rate at the upper end of its range (0.099 of 0.0001 to 0.1): the "
        "optimum may lie beyond, and a wider range may change the comparison.",
    )
    assert [row[-1] for row in section.sheet.groups["mlp-small"]] == ["upper end", "inside"]


def test_settings_inside_of_their_ranges_are_no_warning():
    tables = chosen(0.01)
    section = settings(tables, comparison(tables))
    assert section.said == ("No chosen setting lies within 5% of an end of its range.",)
    shares = [float(row[2]) for row in section.sheet.groups["mlp-small"]]
    assert sum(shares) == pytest.approx(100, abs=1)
    assert section.picture is not None


def test_a_small_search_has_words_in_place_of_curves_and_importances():
    tables = searched(SCORES[:6])
    section = settings(tables, comparison(tables))
    assert section.picture is None
    assert section.said == (
        "Importance needs 10 trials of full budget; the searches of every cell have fewer, and none is given.",
        "No cell has the 8 trials of full budget that two parts of a range need: no curve is drawn.",
    )


def test_settings_have_their_shares_of_the_variance_and_among_the_best():
    tables = searched()
    (important,) = importances(tables)
    rows = settings(tables, comparison(tables)).sheet.groups["mlp-small"]
    flat = ["training.learning_rate", "regularizer.strength"]
    shares = [(f"{100 * important.shares[name]:.0f}", f"{100 * important.among_best[name]:.0f}") for name in flat]
    assert [row[2:4] for row in rows] == shares


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ({"algorithm": "sobol"}, False),
        ({"algorithm": "tpe"}, True),
        ({"algorithm": "sobol", "early_stopping": {"name": "asha", "grace_epochs": 1, "reduction": 3.0}}, True),
    ],
    ids=["drawn", "learnt", "stopped"],
)
def test_what_a_search_that_learns_or_stops_does_to_shares_is_said(search, said):
    tables = searched(**{"early_stopping": {"name": "none"}, **search})
    notes = settings(tables, comparison(tables)).sheet.notes
    assert any(note.startswith("This search proposed settings near the best") for note in notes) is said
