"""What each cell was to cost and what it cost, as a table."""

from collections.abc import Collection, Iterable, Sequence

from analysis.findings.budget import Budget
from analysis.findings.compare import Cell, Comparison
from analysis.notation import listed, number
from analysis.words.budgets import RUNS_OF, budget_sentences, phases
from analysis.words.endings import ENDS, ends
from tuning.records import Phase
from tuning.sheets.sheet import Column, Row, Sheet, without
from tuning.sheets.written import NOTHING

COLUMNS = (
    Column(heading="condition", side="left"),
    Column(heading="planned\nepochs", long="planned", unit="epochs"),
    Column(heading="spent\nepochs", long="spent", unit="epochs"),
    Column(heading="training\ns", long="training", unit="seconds"),
    Column(heading="measuring\ns", long="measuring", unit="seconds"),
    Column(heading="trials", long="trials of the search"),
    Column(heading="seeds", long="seeds of the confirmation"),
)

_LEAVING = ("seeds", "measuring s", "training s", "trials")
_SECONDS = {"training s", "measuring s"}
_COUNTED = {"trials": "trials of the search", "seeds": "seeds of the confirmation"}


def budget_sheet(comparison: Comparison, left_out: Collection[str] = ()) -> Sheet:
    """Set out the budgets of all cells.

    Args:
        comparison: the study's.
        left_out: names of columns that are not wanted.

    Returns:
        The table; its notes say whether the budgets were equal, and spent.
    """
    shown = phases(comparison)
    groups = {
        architecture: [_row(cell, shown) for cell in comparison.of(architecture)]
        for architecture in comparison.architectures
    }
    whole = Sheet(
        columns=COLUMNS,
        groups=groups,
        legend=_legend(shown, [column.name for column in COLUMNS if column.name not in left_out]),
        notes=tuple(budget_sentences(comparison)),
        leaving=_LEAVING,
    )
    return without(whole, left_out)


def _legend(counted: Sequence[Phase], shown: Collection[str]) -> str:
    """Say what the columns that are shown count."""
    timed = bool(_SECONDS.intersection(shown))
    said = f"{'Epochs and seconds' if timed else 'Epochs'}: {' + '.join(RUNS_OF[phase] for phase in counted)}"
    said += "; evaluation is in no column." if timed else "."
    of = [what for heading, what in _COUNTED.items() if heading in shown]
    return f"{said} {listed(of).capitalize()}: {ENDS}." if of else said


def _row(cell: Cell, counted: Sequence[Phase]) -> Row:
    """Write out a cell; of phases that it was to have nothing of there are zeros."""
    budgets = [cell.budgets.get(phase) for phase in counted]
    return (
        cell.condition,
        _sum(_planned(budget) for budget in budgets),
        _sum("0" if budget is None else f"{budget.epochs:,}" for budget in budgets),
        _sum("0" if budget is None else seconds(budget.training_seconds) for budget in budgets),
        _sum("0" if budget is None else seconds(budget.measuring_seconds) for budget in budgets),
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
