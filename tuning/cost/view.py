"""How the command line prints a study's cost in each format."""

from rich.console import Group, RenderableType
from rich.text import Text

from tuning.cost.cost_sheets import (
    cells_sheet,
    cost_records,
    held_sheet,
    networks_sheet,
    searched_sheet,
    with_rest,
    work_sheet,
)
from tuning.cost.study import StudyCost
from tuning.cost.words import sentences
from tuning.sheets import csv
from tuning.sheets import markdown as in_markdown
from tuning.sheets import terminal as on_terminal


def terminal(cost: StudyCost) -> RenderableType:
    """Lay a cost out for a terminal: networks, cells, what is searched, and what there is to say.

    Args:
        cost: of the study.

    Returns:
        What a rich console prints; names of the study are plain text in it, never markup.
    """
    sheets = (networks_sheet(cost), work_sheet(cost), searched_sheet(cost), with_rest(held_sheet(cost), cost))
    spaced = [part for line in sentences(cost) for part in (Text(), Text(line))]
    return Group(*map(on_terminal.table, sheets), *spaced)


def markdown(cost: StudyCost) -> str:
    """Write a cost as a Markdown table, one row a cell, another of the weights that are held, and what there is to say.

    Args:
        cost: of the study.

    Returns:
        The text, ending in a line break.
    """
    held = [held_sheet(cost)] if cost.held else []
    tables = [in_markdown.table(sheet) for sheet in (cells_sheet(cost), *held)]
    return "\n\n".join([*tables, *sentences(cost)]) + "\n"


def to_csv(cost: StudyCost) -> str:
    """Write a cost as CSV with every digit, one row a cell, empty where a number is not known.

    Args:
        cost: of the study.

    Returns:
        The text, with a heading line.
    """
    return csv.records(cost_records(cost))
