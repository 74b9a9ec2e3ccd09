"""How tables are written for LaTeX."""

from collections.abc import Iterable

_LATEX = {
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
    **{"<": "$<$", ">": "$>$", "|": "$|$", "—": "---", "–": "--", "…": r"\dots{}", "∞": r"$\infty$"},
    **{"±": r"$\pm$", "×": r"$\times$", "·": r"$\cdot$", "−": "$-$", "√": r"$\surd$", "≤": r"$\leq$", "≥": r"$\geq$"},
    **{"σ": r"$\sigma$", "τ": r"$\tau$", "ρ": r"$\rho$", "₁": "$_1$", "²": "$^2$"},
}


def escaped(text: str) -> str:
    r"""Write a text so that LaTeX shows it as it is, pdfLaTeX with Latin letters included.

    Args:
        text: from anywhere.

    Returns:
        The text, its marks escaped.

    Example:
        >>> escaped("50 % ± 1 of weight_decay")
        '50 \\% $\\pm$ 1 of weight\\_decay'
    """
    return "".join(_LATEX.get(mark, mark) for mark in text)


def noted_table(columns: str, lines: Iterable[Iterable[str]], notes: Iterable[str]) -> str:
    """Write a table and what there is to say of it, every text escaped.

    Args:
        columns: as `table` takes them.
        lines: the headings and all others, as they are.
        notes: sentences, as they are; empty ones are left out.

    Returns:
        The text, ending in a line break.
    """
    written = table(columns, [map(escaped, line) for line in lines])
    return "\n\n".join([written, *(escaped(note) for note in notes if note)]) + "\n"


def table(columns: str, lines: Iterable[Iterable[str]]) -> str:
    r"""Join rows as LaTeX writes a table, with the rules of the package booktabs.

    Args:
        columns: how each is aligned, ``"llr"``.
        lines: the headings and all others; their texts are escaped already.

    Returns:
        A ``tabular``, to stand in a ``table``.

    Example:
        >>> print(table("lr", [["a", "b"], ["x", "1"]]))
        \begin{tabular}{lr}
        \toprule
        a & b \\
        \midrule
        x & 1 \\
        \bottomrule
        \end{tabular}
    """
    headings, *rest = [" & ".join(line) + r" \\" for line in lines]
    rules = [r"\toprule", headings, r"\midrule", *rest, r"\bottomrule"]
    return "\n".join([rf"\begin{{tabular}}{{{columns}}}", *rules, r"\end{tabular}"])
