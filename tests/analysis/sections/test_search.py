from analysis.findings.compare import comparison
from analysis.sections.search import searches
from tests.analysis import planted


def test_a_study_without_a_search_has_no_section_of_it():
    tables = planted.tables(planted.confirmed({}, seeds=2))
    assert searches(tables, comparison(tables)) == ()
