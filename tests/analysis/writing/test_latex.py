"""What is written for LaTeX is ASCII, its commands are plain LaTeX's and booktabs', its braces and dollars pair up.

Texts that need other packages than booktabs, or another engine than pdfLaTeX, would not compile where they are pasted.
"""

import re

import pytest

from analysis import spectra
from analysis.findings.compare import comparison
from analysis.spectra.table import COLUMNS
from analysis.writing import latex as tex
from analysis.writing.formats import latex

PLAIN = {
    *("begin", "end", "toprule", "midrule", "bottomrule", "textbf", "dots", "surd", "infty", "to"),
    *("textbackslash", "textasciitilde", "textasciicircum", "pm", "times", "cdot", "leq", "geq", "approx"),
    *("alpha", "beta", "gamma", "delta", "varepsilon", "eta", "kappa", "lambda", "mu", "rho", "sigma", "tau"),
    *("varphi", "psi", "omega", "Delta", "Lambda", "Sigma", "Phi", "Psi", "Omega"),
}
"""Commands without a package, beside the rules of booktabs."""


def assert_compiles(text):
    assert text.isascii(), sorted({mark for mark in text if not mark.isascii()})
    bare = re.sub(r"^%.*$", "", text, flags=re.MULTILINE)
    bare = re.sub(r"\\\\|\\[&%$#_{}|]", "·", bare)  # line ends, escaped marks, the bars of a norm
    assert set(re.findall(r"\\([A-Za-z]+)", bare)) <= PLAIN
    assert not re.findall(r"\\[^A-Za-z]", bare)
    assert bare.count("$") % 2 == 0
    assert bare.count("{") == bare.count("}")
    assert "$$" not in bare
    for math in bare.split("$")[1::2]:
        assert not re.search(r"([_^])\{[^}]*\}\1", math), f"two indices of one kind in a row: {math}"
    for words in bare.split("$")[::2]:
        assert not re.search(r"[_^<>|]", words)


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
    assert tex.escaped(text) == written


def test_headings_and_meanings_of_every_column_compile():
    for column in COLUMNS:
        assert_compiles(tex.escaped(f"{column.heading}: {column.meaning}"))


def test_a_table_of_spectra_compiles_and_says_which_package_it_needs():
    text = spectra.latex(spectra.spectra("mlp-small", image=(1, 8, 8)))
    assert_compiles(text)
    assert text.startswith("% \\usepackage{booktabs} in the preamble\n\\begin{tabular}")


def test_a_comparison_compiles(quickstart):
    assert_compiles(latex(comparison(quickstart)))


def test_names_from_anywhere_compile():
    assert_compiles(tex.escaped("".join(map(chr, range(32, 127))) + r"\input{x} $_a^b$ λ-decay σ₁σ₂ ‖‖"))
