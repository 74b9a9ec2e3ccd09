"""Sheets in LaTeX."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from tuning.sheets.paragraphs import paragraphs
from tuning.sheets.sheet import Mark, Row, Sheet

BEST = "bold"
"""What the best row of a group looks like, in a word."""

_TEXT = {
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
    **{"—": "---", "–": "--", "…": r"\dots{}", "’": "'", "“": "``", "”": "''"},
}
_GREEK = {
    **{"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "η": "eta", "κ": "kappa"},
    **{"λ": "lambda", "μ": "mu", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "varphi", "ψ": "psi", "ω": "omega"},
    **{"Δ": "Delta", "Λ": "Lambda", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega"},
}
_MATH = {
    **{mark: mark for mark in "<>|"},
    **{"−": "-", "±": r"\pm", "×": r"\times", "·": r"\cdot", "→": r"\to", "√": r"\surd", "∞": r"\infty", "‖": r"\|"},
    **{"≤": r"\leq", "≥": r"\geq", "≈": r"\approx"},
    **{mark: f"\\{name}" for mark, name in _GREEK.items()},
}
_BELOW = {**dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True)), "ᵢ": "i", "ᵣ": "r"}
_ABOVE = {**dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True)), "⁻": "-", "ᵀ": "T"}


NEEDS = r"% \usepackage{booktabs} in the preamble"
"""A comment above every table: its rules are of that package, all else is plain LaTeX."""


def escaped(text: str) -> str:
    r"""Write a text so that LaTeX shows it as it is, pdfLaTeX with Latin letters included.

    Args:
        text: from anywhere.

    Returns:
        The text, its marks escaped and its symbols in mathematics.

    Example:
        >>> escaped("50 % ± 1 of weight_decay"), escaped("σ₁/σᵣ")
        ('50 \\% $\\pm$ 1 of weight\\_decay', '$\\sigma_{1}$/$\\sigma_{r}$')
    """
    written = []
    for math, pieces in groupby(_written(text), key=lambda piece: piece[0]):
        joined = "".join(piece for _, piece in pieces)
        written.append(f"${joined}$" if math else joined)
    return "".join(written)


def _written(text: str) -> Iterator[tuple[bool, str]]:
    """Yield pieces of a text, and of each whether it stands in mathematics; neighbouring indices are one piece."""
    for kind, marks in groupby(text, key=_kind):
        if kind in "_^":
            script = "".join((_BELOW if kind == "_" else _ABOVE)[mark] for mark in marks)
            yield True, f"{kind}{{{script}}}"
        else:
            yield from ((kind == "math", (_MATH if kind == "math" else _TEXT).get(mark, mark)) for mark in marks)


def _kind(mark: str) -> str:
    kinds = {"_": _BELOW, "^": _ABOVE, "math": _MATH}
    return next((kind for kind, known in kinds.items() if mark in known), "text")


def written(sheet: Sheet) -> str:
    """Write a sheet: its title, its table, what there is to say of it.

    Args:
        sheet: what to write.

    Returns:
        The text, ending in a line break.
    """
    title = rf"\textbf{{{escaped(sheet.title)}}}"
    return paragraphs(sheet, title=title, table=table, escaped=escaped, best=BEST)


def table(sheet: Sheet) -> str:
    r"""Write the rows alone, with the rules of the package booktabs.

    Args:
        sheet: what to write.

    Returns:
        A ``tabular``, to stand in a ``table``, below a comment that says what the preamble needs.

    Example:
        >>> from tuning.sheets.sheet import folding
        >>> print(table(Sheet(columns=folding("a", "b"), groups={"": [("x", "1")]}, grouped_by="")))
        % \usepackage{booktabs} in the preamble
        \begin{tabular}{lr}
        \toprule
        a & b \\
        \midrule
        x & 1 \\
        \bottomrule
        \end{tabular}
    """
    headings, *rest = (
        " & ".join(line) + r" \\"
        for line in (map(escaped, sheet.headings), *(_texts(sheet, group, row) for group, row in sheet.rows))
    )
    rules = [r"\toprule", headings, r"\midrule", *rest, r"\bottomrule"]
    sides = "".join(side[0] for side in sheet.sides)
    return "\n".join([NEEDS, rf"\begin{{tabular}}{{{sides}}}", *rules, r"\end{tabular}"])


def _texts(sheet: Sheet, group: str, row: Row) -> Iterable[str]:
    best = sheet.marks.get((group, row[0])) is Mark.BEST
    ranked = (*([False] if sheet.grouped_by else []), *(best and column.ranked for column in sheet.columns))
    texts = map(escaped, sheet.texts(group, row))
    return [rf"\textbf{{{text}}}" if bold else text for text, bold in zip(texts, ranked, strict=True)]
