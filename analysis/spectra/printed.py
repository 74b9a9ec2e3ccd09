"""How the command line prints the table of weights in each format."""

from functools import partial
from typing import assert_never

from rich.console import Console, Group, RenderableType
from rich.text import Text

from analysis.spectra.measured import Measured
from analysis.spectra.weights_sheet import weight_rows, weights_sheet
from tuning.sheets import csv, latex, markdown, terminal
from tuning.sheets.format import Format


def on_terminal(measured: Measured, console: Console) -> RenderableType:
    """Lay the table out for a terminal.

    Args:
        measured: the checkpoint.
        console: whose width counts. Where it is narrow the last columns go, and it is said which; no number is cut.

    Returns:
        What a rich console prints; names from the file are plain text in it, never markup.
    """
    sheet, left_out = terminal.fitted(partial(weights_sheet, measured), console)
    return Group(
        Text(f"{measured.title}, {measured.view} view", style="bold"),
        terminal.table(sheet),
        *terminal.faint([sheet.legend]),
        *terminal.plain([*sheet.notes, *terminal.want_of_room(left_out[::-1])]),
    )


def as_text(measured: Measured, how: Format) -> str:
    """Write the table in another format: in CSV with every measure and digit, else what there is to say below it.

    Args:
        measured: the checkpoint.
        how: any but a table for the terminal.

    Returns:
        The text, ending in a line break.
    """
    sheet = weights_sheet(measured)
    assert how is not Format.TABLE, "a terminal's table is laid out by `on_terminal`"
    match how:
        case Format.CSV:
            return csv.rows(weight_rows(measured))
        case Format.MARKDOWN:
            return f"{markdown.table(sheet)}\n\n{markdown.listed([sheet.legend, *sheet.notes])}\n"
        case Format.LATEX:
            return latex.written(sheet)
        case _:
            assert_never(how)
