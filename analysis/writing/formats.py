"""The comparison as a table: on the terminal, in Markdown, as CSV."""

import csv
import io
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from analysis.findings.budget import as_data
from analysis.findings.compare import Cell, Comparison, Endings
from analysis.notation import (
    NOTHING,
    escaped,
    markdown_table,
    number,
    percent,
    setting,
)
from analysis.words.sentences import remarks, verdict
from analysis.writing import latex as tex
from tuning.records import short_name


class Format(StrEnum):
    """How the comparison is printed."""

    TABLE = "table"
    MARKDOWN = "markdown"
    LATEX = "latex"
    CSV = "csv"


HEADINGS = (
    "architecture",
    "condition",
    "test accuracy %",
    "validation %",
    "log10 Lipschitz",
    "σ max",
    "effective rank",
    "s/epoch",
    "trials",
    "seeds",
)
ENDS = "completed/early-stopped/diverged/failed"
"""How trials are counted in every table; what has not begun or not ended is said in words."""


def legend(mark: str, shown: Collection[str] = HEADINGS) -> str:
    """Say what the columns of the comparison hold.

    Args:
        mark: how the highest mean of an architecture stands out.
        shown: the columns that are to be explained.
    """
    means = (
        "Mean ± half-width of the 95% t-interval over confirmation seeds, after the last epoch; "
        f"{mark}: highest mean of the architecture."
    )
    means += " s/epoch: median over all epochs." if "s/epoch" in shown else ""
    return f"{means} Trials of the search: {ENDS}." if "trials" in shown else means


@dataclass(frozen=True, kw_only=True)
class Row:
    """One cell, written out under `HEADINGS`.

    Attributes:
        texts: one a heading.
        best: the cell has the highest mean test accuracy of its architecture.
        chosen: its chosen settings, "learning rate 0.001, strength 0.01" or a dash.
    """

    texts: tuple[str, ...]
    best: bool
    chosen: str


def rows(comparison: Comparison) -> list[Row]:
    """Write out every cell.

    Args:
        comparison: the study's.

    Returns:
        Architectures in the study's order, in each the conditions in theirs.
    """
    return [
        _row(cell, best=cell in comparison.best(architecture))
        for architecture in comparison.architectures
        for cell in comparison.of(architecture)
    ]


def _row(cell: Cell, *, best: bool) -> Row:
    texts = (
        cell.architecture,
        cell.condition,
        percent(cell.measures["test_accuracy"]),
        percent(cell.measures["val_accuracy"], bounds=False),
        number(cell.measures["log10_lipschitz"].mean),
        number(cell.measures["spectral_norm"].mean),
        number(cell.measures["effective_rank"].mean),
        number(cell.epoch_seconds, 2),
        ends(cell.tune),
        str(len(cell.seeds)),
    )
    return Row(texts=texts, best=best, chosen=chosen(cell))


def ends(ended: Endings) -> str:
    """Count trials by their ending, as `ENDS` names them.

    Args:
        ended: of one phase of a cell.
    """
    return f"{ended.completed}/{ended.early_stopped}/{ended.diverged}/{ended.failed}"


def chosen(cell: Cell) -> str:
    """Write a cell's chosen settings by the last part of their names, for the first says only where they go.

    Args:
        cell: the one asked about.

    Returns:
        "learning rate 0.001, strength 0.01", or a dash where nothing was confirmed or searched.
    """
    told = [f"{short_name(name).replace('_', ' ')} {setting(value)}" for name, value in cell.chosen.items()]
    return ", ".join(told) or NOTHING


def terminal(comparison: Comparison, console: Console) -> RenderableType:
    """Lay the comparison out for a terminal.

    Args:
        comparison: the study's.
        console: whose width counts. Where it is narrow, the columns that ``--format csv`` has too go first, and it is
            said which; names and test accuracies stay, and no number is ever cut.

    Returns:
        What a rich console prints; names of the study are plain text in it, never markup.
    """
    written = rows(comparison)
    left_out: list[str] = []
    table = _table(written, left_out)
    for heading in _DROPPED_FIRST:
        if fits(table, console):
            break
        left_out.append(heading)
        table = _table(written, left_out)
    said = [f"{name}: {verdict(comparison, name)}" for name in comparison.architectures] + remarks(comparison)
    if left_out:
        said.append(f"For want of room left out: {', '.join(left_out)}; --format csv has them.")
    shown = [heading for heading in HEADINGS if heading not in left_out]
    notes = [Text(legend("*", shown), style="dim"), *map(Text, said)]
    return Group(table, *notes, Text("\nChosen settings", style="underline"), _settings(written))


def fits(table: Table, console: Console) -> bool:
    """Return whether a table shows every column whole.

    Args:
        table: of columns that do not wrap.
        console: whose width counts.
    """
    anywhere = console.options.update(width=10_000)  # within the console's own width nothing measures more than that
    return Measurement.get(console, anywhere, table).maximum <= console.width


_ACCURACY = HEADINGS.index("test accuracy %")
_DROPPED_FIRST = ("trials", "s/epoch", "validation %", "seeds", "effective rank", "σ max", "log10 Lipschitz")


def _table(written: Sequence[Row], left_out: Sequence[str]) -> Table:
    """Lay out the rows: two lines a heading, and the architecture in a line of its own, to save width."""
    shown = [index for index in range(_ACCURACY, len(HEADINGS)) if HEADINGS[index] not in left_out]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("condition", no_wrap=True)
    for index in shown:
        table.add_column(HEADINGS[index].replace(" ", "\n", 1), justify="right", no_wrap=True, vertical="bottom")
    last = ""
    for row in written:
        if row.texts[0] != last:
            last = row.texts[0]
            table.add_row(Text(last, style="bold"))
        values = ["*" * (row.best and index == _ACCURACY) + row.texts[index] for index in shown]
        table.add_row(*map(Text, (f"  {row.texts[1]}", *values)), style="bold" if row.best else "")
    return table


def _settings(written: Sequence[Row]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    last = ""
    for row in written:
        if row.texts[0] != last:
            last = row.texts[0]
            table.add_row(Text(last, style="bold"))
        table.add_row(Text(f"  {row.texts[1]}"), Text(row.chosen))
    return table


def markdown(comparison: Comparison) -> str:
    """Write the comparison as a Markdown table.

    Args:
        comparison: the study's.

    Returns:
        The text, ending in a line break.
    """
    lines = [[*HEADINGS, "chosen settings"]]
    lines.append(["---", "---", *["---:"] * (len(HEADINGS) - 2), "---"])
    for row in rows(comparison):
        cells = [escaped(text) for text in (*row.texts, row.chosen)]
        cells[2] = f"**{cells[2]}**" if row.best else cells[2]
        lines.append(cells)
    return f"{markdown_table(lines)}\n\n{legend('bold')}\n"


def latex(comparison: Comparison) -> str:
    """Write the comparison as a LaTeX table.

    Args:
        comparison: the study's.

    Returns:
        The text, ending in a line break.
    """
    lines = [[tex.escaped(text) for text in (*HEADINGS, "chosen settings")]]
    for row in rows(comparison):
        cells = [tex.escaped(text) for text in (*row.texts, row.chosen)]
        cells[_ACCURACY] = rf"\textbf{{{cells[_ACCURACY]}}}" if row.best else cells[_ACCURACY]
        lines.append(cells)
    columns = "ll" + "r" * (len(HEADINGS) - 2) + "l"
    return f"{tex.table(columns, lines)}\n\n{tex.escaped(legend('bold'))}\n"


def to_csv(comparison: Comparison) -> str:
    """Write the comparison as CSV with every digit: one row a cell, empty where there is no number.

    Args:
        comparison: the study's.

    Returns:
        The text, with a heading line.
    """
    buffer = io.StringIO()
    lines = [_plain(cell) for architecture in comparison.architectures for cell in comparison.of(architecture)]
    writer = csv.DictWriter(buffer, list(dict.fromkeys(name for line in lines for name in line)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return buffer.getvalue()


def _plain(cell: Cell) -> dict[str, object]:
    line: dict[str, object] = {"architecture": cell.architecture, "condition": cell.condition}
    for name, interval in cell.measures.items():
        line |= {f"{name}_mean": interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}
    line["epoch_seconds"] = cell.epoch_seconds
    line["seeds"] = " ".join(map(str, cell.seeds))
    for phase, ended in (("tune", cell.tune), ("confirm", cell.confirm)):
        ends = ("completed", "early_stopped", "diverged", "failed", "unfinished", "epochs")
        line |= {f"{phase}_{end}": getattr(ended, end) for end in ends}
    line |= as_data(cell.budgets)
    line |= cell.chosen
    return {name: "" if isinstance(value, float) and math.isnan(value) else value for name, value in line.items()}
