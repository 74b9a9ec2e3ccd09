"""How the command line prints a study's cost in each format."""

from typing import assert_never

from rich.console import Group, RenderableType
from rich.text import Text

from tuning.cost.cost_sheets import (
    cells_sheet,
    cost_rows,
    held_sheet,
    networks_sheet,
    searched_sheet,
    with_rest,
    work_sheet,
)
from tuning.cost.study import StudyCost
from tuning.cost.words import sentences
from tuning.sheets import csv, latex, markdown, terminal
from tuning.sheets.format import Format


def on_terminal(cost: StudyCost) -> RenderableType:
    """Lay a cost out for a terminal: networks, cells, what is searched, and what there is to say.

    Args:
        cost: of the study.

    Returns:
        What a rich console prints; names of the study are plain text in it, never markup.
    """
    sheets = (networks_sheet(cost), work_sheet(cost), searched_sheet(cost), with_rest(held_sheet(cost), cost))
    spaced = [part for line in sentences(cost) for part in (Text(), Text(line))]
    return Group(*map(terminal.table, sheets), *spaced)


def as_text(cost: StudyCost, how: Format) -> str:
    """Write a cost in another format: one row a cell, another table of the weights that are held, what there is to say.

    Args:
        cost: of the study.
        how: any but a table for the terminal. CSV is one table, of the cells, with every digit; it is empty where a
            number is not known.

    Returns:
        The text, ending in a line break.
    """
    sheets = [cells_sheet(cost), *([held_sheet(cost)] if cost.held else [])]
    assert how is not Format.TABLE, "a terminal's table is laid out by `on_terminal`"
    match how:
        case Format.CSV:
            return csv.rows(cost_rows(cost))
        case Format.MARKDOWN:
            return "\n\n".join([*map(markdown.table, sheets), *sentences(cost)]) + "\n"
        case Format.LATEX:
            return "\n\n".join([*map(latex.table, sheets), *map(latex.escaped, sentences(cost))]) + "\n"
        case _:
            assert_never(how)
