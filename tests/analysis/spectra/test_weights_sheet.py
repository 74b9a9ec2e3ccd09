from analysis.spectra import spectra
from analysis.spectra.weights_sheet import COLUMNS, weights_sheet
from tests.tuning.sheets.compiling import assert_compiles
from tuning.sheets import latex


def test_headings_and_meanings_of_every_column_compile():
    for column in COLUMNS:
        assert_compiles(latex.escaped(f"{column.heading}: {column.meaning}"))


def test_a_table_of_spectra_compiles_and_says_which_package_it_needs():
    text = latex.written(weights_sheet(spectra("mlp-small", image=(1, 8, 8))))
    assert_compiles(text)
    assert text.startswith("% \\usepackage{booktabs} in the preamble\n\\begin{tabular}")
