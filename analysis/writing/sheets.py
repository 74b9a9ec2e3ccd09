"""The small tables beside the comparison, written out: on the terminal, in Markdown, for the page."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from analysis.findings.ablation import Ablation, ablations
from analysis.findings.matched import Matched, matched
from analysis.notation import (
    NOTHING,
    escaped,
    listed,
    markdown_table,
    percent,
    points,
    setting,
)
from analysis.stats import FamilyTest, Interval, family_tests
from analysis.tables.table import Tables
from analysis.words.described import Reading, allowance, reading
from analysis.writing import latex as tex
from analysis.written import Written

EACH_ALONE = (
    "Mean ± half-width of the 95% t-interval over paired seeds, each interval by itself: where there are many, one in "
    "twenty misses by chance."
)


WITHOUT = {
    Reading.HIGHER: "lower",
    Reading.LOWER: "higher",
    Reading.HIGHER_ALONE: Reading.LOWER_ALONE.value,
    Reading.LOWER_ALONE: Reading.HIGHER_ALONE.value,
    Reading.SAME: Reading.SAME.value,
    Reading.TEST_ALONE: Reading.TEST_ALONE.value,
    Reading.OPEN: NOTHING,
}
"""What an accuracy is without a factor, by what is said of the difference: the whole less what is left."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A small table.

    Attributes:
        name: of its file.
        title: the question that it answers.
        headings: of its columns, the first of names, the others of numbers and words.
        blocks: by architecture, or whatever else each is of, rows of as many texts, those of numbers as `Written`; none
            where the notes say it all.
        notes: what a reader must know.
        of: what a block is of.
    """

    name: str
    title: str
    headings: tuple[str, ...]
    blocks: Mapping[str, Sequence[tuple[str, ...]]]
    notes: tuple[str, ...]
    of: str = "architecture"


def sheets(tables: Tables) -> list[Sheet]:
    """Write out the tables for which the study has runs.

    Args:
        tables: the study's.

    Returns:
        At most two: conditions at the baseline's learning rate, and a condition without each of its factors.
    """
    written = []
    if at_rate := matched(tables):
        written.append(_matched(at_rate))
    if apart := ablations(tables):
        written.append(_ablation(apart))
    return written


def terminal(sheet: Sheet) -> RenderableType:
    """Lay a sheet out for a terminal; names of the study are plain text in it, never markup.

    Args:
        sheet: what to show.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for place, heading in enumerate(sheet.headings):
        table.add_column(heading, justify="right" if place else "left", overflow="fold", vertical="bottom")
    for architecture, rows in sheet.blocks.items():
        table.add_row(Text(architecture, style="bold"))
        for name, *texts in rows:
            table.add_row(*map(Text, (f"  {name}", *texts)))
    notes = [Text(note, style="dim") for note in sheet.notes]
    return Group(Text(f"\n{sheet.title}", style="underline"), *([table] if sheet.blocks else []), *notes)


def markdown(sheet: Sheet) -> str:
    """Write a sheet as a Markdown table under its title.

    Args:
        sheet: what to write.

    Returns:
        The text, ending in a line break.
    """
    lines = [(sheet.of, *sheet.headings), ("---", "---", *["---:"] * (len(sheet.headings) - 1))]
    lines += [tuple(map(escaped, (block, *row))) for block, rows in sheet.blocks.items() for row in rows]
    written = [markdown_table(lines)] if sheet.blocks else []
    return "\n\n".join([f"**{escaped(sheet.title)}**", *written, *map(escaped, sheet.notes)]) + "\n"


def latex(sheet: Sheet) -> str:
    """Write a sheet as a LaTeX table under its title.

    Args:
        sheet: what to write.

    Returns:
        The text, ending in a line break.
    """
    lines = [(sheet.of, *sheet.headings), *((block, *row) for block, rows in sheet.blocks.items() for row in rows)]
    title = rf"\textbf{{{tex.escaped(sheet.title)}}}"
    if not sheet.blocks:
        return "\n\n".join([title, *map(tex.escaped, sheet.notes)]) + "\n"
    return f"{title}\n\n" + tex.noted_table("ll" + "r" * (len(sheet.headings) - 1), lines, sheet.notes)


def to_csv(sheet: Sheet) -> str:
    """Write a sheet as CSV: numbers with every digit, the bounds of an interval in columns of their own.

    Args:
        sheet: what to write.

    Returns:
        The text, with a heading line; empty where there is no number.
    """
    rows = [(block, *row) for block, rows in sheet.blocks.items() for row in rows]
    columns = list(zip((sheet.of, *sheet.headings), *rows, strict=True))
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(
        zip(*(line for each in columns for line in _parted(each)), strict=True)
    )
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


def _matched(found: Sequence[Matched]) -> Sheet:
    plain = found[0].baseline
    blocks = {
        one.architecture: [
            (
                cell.condition,
                setting(cell.own_rate),
                percent(cell.own),
                percent(cell.test_accuracy),
                NOTHING if cell.condition == plain else points(cell.difference.interval),
                _seeds(cell.test_accuracy, cell.runs),
            )
            for cell in one.conditions
        ]
        for one in found
        if not one.repeated
    }
    left_out = list(dict.fromkeys(name for one in found for name in one.left_out))
    notes = [
        f"Each setting as tuned, but for its learning rate, on the same seeds. Differences from {plain} are in points. "
        + EACH_ALONE
    ]
    notes = (notes if blocks else []) + [_repeated(one) for one in found if one.repeated]
    if left_out:
        notes.append(f"Not trained at it: {listed(left_out)}; another optimizer, a fixed learning rate, or not run.")
    return Sheet(
        name="matched",
        title=f"At the learning rate of {plain}, does it still differ?",
        headings=("condition", "own learning rate", "accuracy % there", f"at that of {plain}", "difference", "seeds"),
        blocks=blocks,
        notes=tuple(notes),
    )


def _repeated(one: Matched) -> str:
    """Say that a table would be the comparison once more."""
    others = [cell.condition for cell in one.conditions if cell.condition != one.baseline]
    if not others:
        return f"On {one.architecture} no other condition was trained at the learning rate of {one.baseline}."
    chose = f"{listed(others)} chose the learning rate of {one.baseline} ({setting(one.learning_rate)}) in the search"
    return f"On {one.architecture} {chose}: the comparison is at one learning rate already."


def _ablation(found: Sequence[Ablation]) -> Sheet:
    whole = found[0].condition
    each = {(one.architecture, rest.factor): rest.difference.test for one in found for rest in one.without}
    tests = dict(zip(each, family_tests(list(each.values())), strict=True))
    blocks = {
        one.architecture: [("nothing", percent(one.whole), NOTHING, NOTHING, _seeds(one.whole, one.runs))]
        + [
            (
                rest.factor,
                percent(rest.test_accuracy),
                points(rest.difference.interval),
                WITHOUT[reading(rest.difference.interval, tests[one.architecture, rest.factor])],
                _seeds(rest.test_accuracy, rest.runs),
            )
            for rest in one.without
        ]
        for one in found
    }
    notes = (
        f"Each row is {whole} as it was tuned, with one factor switched off and nothing tuned anew, on the same seeds. "
        f"The difference is the whole less what is left, in points. {EACH_ALONE} {_tested(list(tests.values()))}",
    )
    return Sheet(
        name="ablation",
        title=f"What does each factor of {whole} contribute?",
        headings=("without", "test accuracy %", "difference", "accuracy without it", "seeds"),
        blocks=blocks,
        notes=notes,
    )


def _tested(tests: Sequence[FamilyTest]) -> str:
    """Say when a difference is claimed, and where no test could."""
    said = (
        "Lower or higher without more: the sign-flip test agrees after Holm's rule over all factors and architectures"
    )
    there = [one for one in tests if one.test.n]
    if not there or any(one.could for one in there):
        return f"{said}."
    return f"{said}, which none can: {allowance(min(there, key=lambda one: one.least))}."


def _seeds(interval: Interval, begun: int) -> str:
    """Write how many seeds count, and of how many where some did not complete."""
    return str(interval.n) if interval.n == begun else Written(f"{interval.n} of {begun}", interval.n)
