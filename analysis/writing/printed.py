"""How the command line prints a study's tables in each format."""

from collections.abc import Sequence
from functools import partial
from typing import assert_never

from rich.console import Console, Group, RenderableType

from analysis.findings.compare import Comparison
from analysis.words.sentences import remarks, verdict
from analysis.writing.budget_sheet import COLUMNS, budget_sheet
from analysis.writing.comparison_sheet import SETTINGS, comparison_rows, comparison_sheet, settings_sheet
from tuning.sheets import csv, latex, markdown, terminal
from tuning.sheets.format import Format
from tuning.sheets.sheet import Sheet


def on_terminal(compared: Comparison, beside: Sequence[Sheet], console: Console) -> RenderableType:
    """Lay out the comparison, the budgets and what stands beside them.

    Args:
        compared: the study's.
        beside: small tables.
        console: whose width counts. Where it is narrow, columns that ``--format csv`` has too are left out, and it is
            said which; names and test accuracies stay, and no number is ever cut.

    Returns:
        What a rich console prints.
    """
    return Group(_comparison(compared, console), _budget(compared, console), *map(terminal.written, beside))


def _comparison(compared: Comparison, console: Console) -> RenderableType:
    sheet, left_out = terminal.fitted(lambda more: comparison_sheet(compared, [SETTINGS, *more]), console)
    said = [f"{name}: {verdict(compared, name)}" for name in compared.architectures] + remarks(compared)
    settings = settings_sheet(compared)
    return Group(
        terminal.table(sheet),
        *terminal.faint([sheet.explained(terminal.BEST)]),
        *terminal.plain([*said, *terminal.want_of_room(left_out)]),
        terminal.heading(settings.title),
        terminal.table(settings),
    )


def _budget(compared: Comparison, console: Console) -> RenderableType:
    sheet, left_out = terminal.fitted(partial(budget_sheet, compared), console)
    in_order = [column.name for column in COLUMNS if column.name in left_out]
    return Group(
        terminal.heading("Budget"),
        terminal.table(sheet),
        *terminal.faint([sheet.legend, *terminal.want_of_room(in_order)]),
        *terminal.plain(sheet.notes),
    )


def as_text(compared: Comparison, beside: Sequence[Sheet], how: Format) -> str:
    """Write a comparison and the small tables beside it in a format for files.

    Args:
        compared: the study's.
        beside: small tables; CSV is one table, and has none of them.
        how: any but a table for the terminal.

    Returns:
        The text, ending in a line break.
    """
    sheets = [comparison_sheet(compared), budget_sheet(compared), *beside]
    assert how is not Format.TABLE, "a terminal's table is laid out by `on_terminal`"
    match how:
        case Format.CSV:
            return csv.rows(comparison_rows(compared))
        case Format.MARKDOWN:
            return "\n".join(map(markdown.written, sheets))
        case Format.LATEX:
            return "\n".join(map(latex.written, sheets))
        case _:
            assert_never(how)
