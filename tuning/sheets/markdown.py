"""Sheets in Markdown."""

from collections.abc import Iterable

from tuning.sheets.paragraphs import paragraphs
from tuning.sheets.sheet import Mark, Row, Sheet

BEST = "bold"
"""What the best row of a group looks like, in a word."""

_RULES = {"left": "---", "right": "---:"}


def written(sheet: Sheet) -> str:
    """Write a sheet: its title, its table, what there is to say of it.

    Args:
        sheet: what to write.

    Returns:
        The text, ending in a line break.
    """
    title = f"**{escaped(sheet.title)}**"
    return paragraphs(sheet, title=title, table=table, escaped=escaped, best=BEST)


def table(sheet: Sheet) -> str:
    r"""Write the rows alone.

    Args:
        sheet: what to write.

    Returns:
        The text, without a line break at its end.

    Example:
        >>> from tuning.sheets.sheet import folding
        >>> print(table(Sheet(columns=folding("condition", "seeds"), groups={"mlp": [("a_b", "3")]})))
        | architecture | condition | seeds |
        | --- | --- | ---: |
        | mlp | a\_b | 3 |
    """
    lines = [map(escaped, sheet.headings), [_RULES[side] for side in sheet.sides]]
    lines += [_texts(sheet, group, row) for group, row in sheet.rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _texts(sheet: Sheet, group: str, row: Row) -> Iterable[str]:
    best = sheet.marks.get((group, row[0])) is Mark.BEST
    ranked = (*([False] if sheet.grouped_by else []), *(best and column.ranked for column in sheet.columns))
    texts = map(escaped, sheet.texts(group, row))
    return [f"**{text}**" if bold else text for text, bold in zip(texts, ranked, strict=True)]


def listed(texts: Iterable[str]) -> str:
    """Write sentences as a list.

    Args:
        texts: sentences; empty ones are left out.
    """
    return "\n".join(f"- {escaped(text)}" for text in texts if text)


def escaped(text: str) -> str:
    r"""Write a text so that Markdown shows it as it is.

    Args:
        text: from anywhere.

    Returns:
        The text, its marks escaped.

    Example:
        >>> escaped("a|b")
        'a\\|b'
    """
    for mark in "\\|*<&`_":
        text = text.replace(mark, f"\\{mark}")
    return text
