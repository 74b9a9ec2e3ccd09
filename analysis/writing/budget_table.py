"""Budgets written out: for the terminal, in Markdown, for the page, and in words."""

from collections.abc import Collection, Iterable, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from analysis.findings.budget import Budget
from analysis.findings.compare import Cell, Comparison
from analysis.notation import (
    NOTHING,
    count,
    escaped,
    listed,
    markdown_table,
    number,
    several,
)
from analysis.writing import latex as tex
from analysis.writing.formats import ENDS, ends, fits
from tuning.records import Phase

PHASES = (Phase.TUNE, Phase.CONFIRM)
HEADINGS = ("planned epochs", "spent epochs", "training s", "measuring s", "trials", "seeds")
WORDS = {
    Phase.TUNE: "of the search",
    Phase.CONFIRM: "of the confirmation",
    Phase.MATCHED: "at the baseline's learning rate",
    Phase.ABLATE: "without a factor",
}
"""Which runs a number is of, in the order in which the numbers stand."""

_DROPPED_FIRST = ("seeds", "measuring s", "training s", "trials")


def phases(comparison: Comparison) -> tuple[Phase, ...]:
    """Return the phases of which some cell was to have trials, in their order.

    Args:
        comparison: the study's.
    """
    return tuple(phase for phase in WORDS if any(phase in cell.budgets for cell in comparison.cells.values()))


def legend(comparison: Comparison, shown: Collection[str] = HEADINGS) -> str:
    """Say what the columns count.

    Args:
        comparison: the study's.
        shown: the columns that are to be explained.
    """
    timed = bool({"training s", "measuring s"} & set(shown))
    said = f"{'Epochs and seconds' if timed else 'Epochs'}: {' + '.join(WORDS[phase] for phase in phases(comparison))}"
    said += "; evaluation is in no column." if timed else "."
    counted = {"trials": "trials of the search", "seeds": "seeds of the confirmation"}
    of = [what for heading, what in counted.items() if heading in shown]
    return f"{said} {listed(of).capitalize()}: {ENDS}." if of else said


def texts(cell: Cell, shown: Sequence[Phase] = PHASES) -> tuple[str, ...]:
    """Write out what a cell was to cost and what it cost.

    Args:
        cell: the one asked about.
        shown: the phases of the comparison; those that the cell was to have nothing of are zeros.

    Returns:
        One text for each of `HEADINGS`.
    """
    budgets = [cell.budgets.get(phase) for phase in shown]
    return (
        _sum(_planned(one) for one in budgets),
        _sum("0" if one is None else f"{one.epochs:,}" for one in budgets),
        _sum("0" if one is None else seconds(one.training_seconds) for one in budgets),
        _sum("0" if one is None else seconds(one.measuring_seconds) for one in budgets),
        ends(cell.tune),
        ends(cell.confirm),
    )


def seconds(value: float) -> str:
    """Write a duration for a column of seconds: whole above a hundred of them.

    Args:
        value: seconds; NaN is written as a dash.

    Returns:
        The text.

    Example:
        >>> seconds(12345.6), seconds(7.125), seconds(float("nan"))
        ('12,346', '7.12', '—')
    """
    return f"{value:,.0f}" if value >= 100 else number(value)


def _planned(budget: Budget | None) -> str:
    if budget is None:
        return "0"
    return NOTHING if budget.planned_epochs is None else f"{budget.planned_epochs:,}"


def _sum(parts: Iterable[str]) -> str:
    return " + ".join(parts)


def terminal(comparison: Comparison, console: Console) -> RenderableType:
    """Lay the budgets out for a terminal.

    Args:
        comparison: the study's.
        console: whose width counts. Where it is narrow, columns that ``--format csv`` has too are left out; no number
            is cut.

    Returns:
        What a rich console prints; names of the study are plain text in it, never markup.
    """
    shown = list(HEADINGS)
    table = _table(comparison, shown)
    for heading in _DROPPED_FIRST:
        if fits(table, console):
            break
        shown.remove(heading)
        table = _table(comparison, shown)
    gone = [heading for heading in HEADINGS if heading not in shown]
    notes = [legend(comparison, shown)] + (
        [f"For want of room left out: {', '.join(gone)}; --format csv has them."] if gone else []
    )
    said = [Text(note, style="dim") for note in notes] + [Text(line) for line in sentences(comparison)]
    return Group(Text("\nBudget", style="underline"), table, *said)


def _table(comparison: Comparison, shown: list[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("condition", no_wrap=True)
    for heading in shown:
        table.add_column(heading.replace(" ", "\n", 1), justify="right", no_wrap=True, vertical="bottom")
    for architecture in comparison.architectures:
        table.add_row(Text(architecture, style="bold"))
        for cell in comparison.of(architecture):
            written = dict(zip(HEADINGS, texts(cell, phases(comparison)), strict=True))
            table.add_row(*map(Text, (f"  {cell.condition}", *(written[heading] for heading in shown))))
    return table


def markdown(comparison: Comparison) -> str:
    """Write the budgets as a Markdown table, with what there is to say of them.

    Args:
        comparison: the study's.

    Returns:
        The text, ending in a line break.
    """
    lines = [["architecture", "condition", *HEADINGS], ["---", "---", *["---:"] * len(HEADINGS)]]
    for architecture in comparison.architectures:
        for cell in comparison.of(architecture):
            lines.append([escaped(text) for text in (architecture, cell.condition, *texts(cell, phases(comparison)))])
    return (
        f"{markdown_table(lines)}\n\n" + "\n\n".join([legend(comparison), *map(escaped, sentences(comparison))]) + "\n"
    )


def latex(comparison: Comparison) -> str:
    """Write the budgets as a LaTeX table, with what there is to say of them.

    Args:
        comparison: the study's.

    Returns:
        The text, ending in a line break.
    """
    lines = [["architecture", "condition", *HEADINGS]]
    for architecture in comparison.architectures:
        for cell in comparison.of(architecture):
            lines.append([architecture, cell.condition, *texts(cell, phases(comparison))])
    return tex.noted_table("ll" + "r" * len(HEADINGS), lines, [legend(comparison), *sentences(comparison)])


def sentences(comparison: Comparison) -> list[str]:
    """Say whether all cells were given the same budget and spent it.

    Args:
        comparison: the study's.

    Returns:
        A sentence on the plan where it is known, one on trials that ended early where they made a difference, one for
        each cell and phase whose budget was not spent.
    """
    cells = list(comparison.cells.values())
    phases = [(cell, phase, one) for cell in cells for phase, one in cell.budgets.items()]
    unspent = [_unspent(cell, phase) for cell, phase, one in phases if not one.spent]
    diverged = [_diverged(cell, phase) for cell, phase, one in phases if one.diverged]
    return [*_plan(cells, as_planned=not (unspent or diverged)), *_saved(cells), *diverged, *unspent]


def _plan(cells: list[Cell], *, as_planned: bool) -> list[str]:
    plans = [tuple(cell.budgets[phase].planned_epochs for phase in PHASES) for cell in cells]
    (tune, confirm), *others = dict.fromkeys(plans)
    if tune is None or confirm is None:
        return []
    if others:
        few = [_name(cell) for cell, plan in zip(cells, plans, strict=True) if plan != max(plans, key=plans.count)]
        return [f"The planned budgets are not equal: {several(few)} got another than most."]
    said = f"Every cell was given {count(tune, 'epoch')} to tune and {count(confirm, 'epoch')} to confirm"
    if not as_planned:
        return [f"{said}."]
    whole = all(cell.budgets[Phase.TUNE].epochs == tune for cell in cells)
    stopped = "" if whole else ", in the search some by the rule that stops trials early"
    return [f"{said}, and every trial ended as planned{stopped}."]


def _name(cell: Cell) -> str:
    return f"{cell.condition} on {cell.architecture}"


def _saved(cells: list[Cell]) -> list[str]:
    """Say which cells trained least and most in the search, where that differs."""
    epochs = {_name(cell): cell.budgets[Phase.TUNE].epochs for cell in cells}
    least, most = min(epochs.values()), max(epochs.values())
    if least == most:
        return []
    fewest, longest = ([name for name, spent in epochs.items() if spent == bound] for bound in (least, most))
    return [
        f"The search trained {count(least, 'epoch')} ({several(fewest, 2)}) to {count(most, 'epoch')} "
        f"({several(longest, 2)}) a cell, because not every trial trained to its last epoch."
    ]


def _diverged(cell: Cell, phase: Phase) -> str:
    budget = cell.budgets[phase]
    planned = max(budget.planned_trials or 0, budget.begun)
    return (
        f"{_name(cell)}: {len(budget.diverged)} of {count(planned, 'trial')} {WORDS[phase]} diverged, so that a loss "
        f"or a weight was not finite ({several(budget.diverged)}); they count as the worst there are."
    )


def _unspent(cell: Cell, phase: Phase) -> str:
    budget = cell.budgets[phase]
    counts = {**_other_ends(cell, phase), "not begun": budget.missing}
    told = listed([f"{number} {end}" for end, number in counts.items() if number])
    planned = count(max(budget.planned_trials or 0, budget.begun), "trial")
    to_what = f"to {phase}" if phase in PHASES else WORDS[phase]
    return f"{_name(cell)} did not spend its budget {to_what}: of {planned} {told}."


def _other_ends(cell: Cell, phase: Phase) -> dict[str, int]:
    """Count the trials that have begun and did not end as planned."""
    budget = cell.budgets[phase]
    lost = budget.begun - budget.as_planned
    if phase not in PHASES:
        return {"failed or unfinished": lost}
    ended = cell.tune if phase is Phase.TUNE else cell.confirm
    return {"failed": ended.failed, "cut off": lost - ended.failed - ended.unfinished, "unfinished": ended.unfinished}
