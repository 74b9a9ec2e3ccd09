import pytest

from analysis.findings.compare import comparison
from analysis.findings.importance import importances
from analysis.findings.tuning_curves import tuning_curves
from analysis.notation import percent
from analysis.sections.front import front
from analysis.sections.search import searches
from analysis.sections.search_size import NO_RESULT, budget
from analysis.sections.settings import settings
from analysis.stats import Interval
from tests.analysis import planted
from tests.analysis.searches import SCORES, bounded, chosen, searched


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


def test_the_front_of_two_objectives_holds_what_no_other_trial_beats():
    section = front(planted.tables(bounded(), algorithm="nsga2"))
    assert section.sheet.groups == {"mlp-small": [("decay", "4", "2", "1.00 to 3.00", "60.0 to 80.0")]}
    assert "are no result" in section.said[0]


def test_a_search_with_one_objective_has_no_front():
    tables = planted.tables(bounded(), algorithm="sobol")
    assert front(tables) is None
    assert [section.question for section in searches(tables, comparison(tables))] == [
        "What would a search of fewer trials have found?",
        "Which settings mattered, and were their ranges wide enough?",
    ]


def test_a_study_without_a_search_has_no_section_of_it():
    tables = planted.tables(planted.confirmed({}, seeds=2))
    assert searches(tables, comparison(tables)) == ()
