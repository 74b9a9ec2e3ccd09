"""Sheets and rows of values as CSV, with every digit of their numbers."""

import csv
import io
import math
from collections.abc import Mapping, Sequence

from tuning.sheets.sheet import Sheet
from tuning.sheets.written import NOTHING, Written


def written(sheet: Sheet) -> str:
    """Write a sheet: numbers with every digit, the bounds of an interval in columns of their own.

    Args:
        sheet: what to write.

    Returns:
        The text, with a heading line; empty where there is no number.
    """
    columns = list(zip(sheet.headings, *(sheet.texts(group, row) for group, row in sheet.rows), strict=True))
    buffer = io.StringIO()
    lines = zip(*(line for column in columns for line in _parted(column)), strict=True)
    csv.writer(buffer, lineterminator="\n").writerows(lines)
    return buffer.getvalue()


def _parted(column: Sequence[str]) -> list[tuple[str, ...]]:
    """Part a column, its heading first, into those of its numbers and of their bounds."""
    heading, *texts = column
    if not any(isinstance(text, Written) and text.bounds is not None for text in texts):
        return [(heading, *(_plain(text) for text in texts))]
    bounds = [text.numbers[1:] if isinstance(text, Written) and text.bounds is not None else ("", "") for text in texts]
    lows, highs = zip(*bounds, strict=True)
    return [(heading, *(_plain(text) for text in texts)), (f"{heading}: low", *lows), (f"{heading}: high", *highs)]


def _plain(text: str) -> str:
    """Return the number that a text stands for; else the text, but for the dash where there is nothing."""
    if isinstance(text, Written) and text.numbers[0]:
        return text.numbers[0]
    return "" if text == NOTHING else str(text)


def rows(values: Sequence[Mapping[str, object]]) -> str:
    r"""Write rows of values by the name of their column.

    Args:
        values: of each row, at least one; each has a value for some of the columns.

    Returns:
        The text, with a heading line of all columns in the order in which they are first met; empty where there is no
        value, or NaN.

    Example:
        >>> rows([{"a": 1, "b": float("nan")}, {"b": 0.5, "c": None}])
        'a,b,c\n1,,\n,0.5,\n'
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(dict.fromkeys(name for row in values for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: "" if _is_nan(value) else value for name, value in row.items()} for row in values)
    return buffer.getvalue()


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)
