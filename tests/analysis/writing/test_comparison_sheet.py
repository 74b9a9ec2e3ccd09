from analysis.findings.compare import comparison
from analysis.writing.comparison_sheet import comparison_sheet
from tests.tuning.sheets.compiling import assert_compiles
from tuning.sheets import latex


def test_a_comparison_compiles(quickstart):
    assert_compiles(latex.written(comparison_sheet(comparison(quickstart))))
