"""Sheets on a terminal, by rich; every name is plain text there, never markup."""

from collections.abc import Callable, Iterable, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from tuning.sheets.sheet import Mark, Sheet

BEST = "*"
"""The sign of the best row of a group."""

_STYLES = {Mark.BEST: "bold", Mark.ABSENT: "bold red", None: ""}


def written(sheet: Sheet) -> RenderableType:
    """Lay a sheet out under its title, above its notes.

    Args:
        sheet: what to show.
    """
    return Group(heading(sheet.title), *([table(sheet)] if sheet.groups else []), *faint(sheet.notes))


def table(sheet: Sheet) -> Table:
    """Lay out the rows alone, the name of a group in a line of its own to save width.

    Args:
        sheet: what to show.
    """
    made = _empty(sheet)
    for group, rows in sheet.groups.items():
        if sheet.grouped_by and any(row[0] for row in rows):
            made.add_row(Text(group, style="bold"))
        for row in rows:
            made.add_row(*_texts(sheet, group, row), style=_STYLES[sheet.marks.get((group, row[0]))])
    return made


def _empty(sheet: Sheet) -> Table:
    if not sheet.ruled:
        made = Table(
            box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=any(column.heading for column in sheet.columns)
        )
        for column in sheet.columns:
            made.add_column(column.heading, justify=column.side)
        return made
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in sheet.columns:
        made.add_column(
            column.heading,
            justify=column.side,
            no_wrap=not column.folds,
            overflow="fold" if column.folds else "ellipsis",
            vertical="bottom",
        )
    return made


def _texts(sheet: Sheet, group: str, row: Sequence[str]) -> list[Text]:
    best = sheet.marks.get((group, row[0])) is Mark.BEST
    name = Text(f"  {row[0]}" if sheet.grouped_by or not sheet.ruled else row[0])
    if sheet.grouped_by and not row[0]:
        name = Text(group, style="bold")
    ranked = zip(sheet.columns[1:], row[1:], strict=True)
    return [name, *(Text(BEST * (best and column.ranked) + text) for column, text in ranked)]


def fitted(make: Callable[[Sequence[str]], Sheet], console: Console) -> tuple[Sheet, list[str]]:
    """Leave out as many columns of a sheet as it takes to show the others whole.

    Args:
        make: the sheet without columns of these names.
        console: whose width counts.

    Returns:
        The sheet, and what was left out, the first to go first. Columns that are not to leave stay, even where there
        is no room for them.
    """
    left_out: list[str] = []
    sheet = make(left_out)
    for name in sheet.leaving:
        if fits(table(sheet), console):
            break
        left_out.append(name)
        sheet = make(left_out)
    return sheet, left_out


def fits(made: Table, console: Console) -> bool:
    """Return whether a table shows every column whole, without a line broken.

    Args:
        made: the table.
        console: whose width counts.
    """
    anywhere = console.options.update(width=10_000)  # within the console's own width nothing measures more than that
    return Measurement.get(console, anywhere, made).maximum <= console.width


def want_of_room(left_out: Sequence[str]) -> list[str]:
    """Say which columns a narrow terminal has left out, and where they are.

    Args:
        left_out: their names.

    Returns:
        A sentence, or none where all are there.
    """
    return [f"For want of room left out: {', '.join(left_out)}; --format csv has them."] if left_out else []


def heading(title: str) -> Text:
    """Write a title, with an empty line above it.

    Args:
        title: of a table.
    """
    return Text(f"\n{title}", style="underline")


def faint(texts: Iterable[str]) -> list[Text]:
    """Write explanations of a table: less in sight than it.

    Args:
        texts: sentences; empty ones are left out.
    """
    return [Text(text, style="dim") for text in texts if text]


def plain(texts: Iterable[str]) -> list[Text]:
    """Write what a table says, in words.

    Args:
        texts: sentences.
    """
    return [Text(text) for text in texts]
