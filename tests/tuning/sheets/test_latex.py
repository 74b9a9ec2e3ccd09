import pytest

from tests.tuning.sheets.compiling import assert_compiles
from tuning.sheets import latex


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("RMS→RMS", r"RMS$\to$RMS"),
        ("‖W‖²/σ₁²", r"$\|$W$\|^{2}$/$\sigma_{1}^{2}$"),
        ("σ₁/σᵣ", r"$\sigma_{1}$/$\sigma_{r}$"),
        ("10⁻³·λ₁₀", r"10$^{-3}\cdot\lambda_{10}$"),
        ("price_$<5", r"price\_\$$<$5"),
    ],
)
def test_symbols_become_mathematics(text, written):
    assert latex.escaped(text) == written


def test_names_from_anywhere_compile():
    assert_compiles(latex.escaped("".join(map(chr, range(32, 127))) + r"\input{x} $_a^b$ λ-decay σ₁σ₂ ‖‖"))


def test_a_sheet_is_its_title_its_table_and_what_is_said_of_it(sheet):
    assert latex.written(sheet) == (
        "\\textbf{Which $<$b$>$?}\n"
        "\n"
        "% \\usepackage{booktabs} in the preamble\n"
        "\\begin{tabular}{llrr}\n"
        "\\toprule\n"
        "architecture & condition & test accuracy & seeds \\\\\n"
        "\\midrule\n"
        "a\\_b & x$|$y & \\textbf{50.0 $\\pm$ 1.0} & 3 \\\\\n"
        "a\\_b & $<$i$>$ & 40.0 & 1 \\\\\n"
        "c &  & --- & --- \\\\\n"
        "\\bottomrule\n"
        "\\end{tabular}\n"
        "\n"
        "bold: the highest.\n"
        "\n"
        "A note\\_d.\n"
    )
