from analysis.findings.compare import comparison
from analysis.sections.front import front
from analysis.sections.search import searches
from tests.analysis import planted
from tests.analysis.searches import bounded


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
