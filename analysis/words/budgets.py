"""Whether all cells were given the same budget and spent it, in words."""

from analysis.findings.compare import Cell, Comparison
from analysis.notation import count, listed, several
from tuning.full_budget import EQUAL_PHASES, usual_budget
from tuning.records import Phase

RUNS_OF = {
    Phase.TUNE: "of the search",
    Phase.CONFIRM: "of the confirmation",
    Phase.MATCHED: "at the baseline's learning rate",
    Phase.ABLATE: "without a factor",
}
"""Which runs a number is of, in the order in which the numbers stand."""


def phases(comparison: Comparison) -> tuple[Phase, ...]:
    """Return the phases of which some cell was to have trials, in their order.

    Args:
        comparison: the study's.
    """
    return tuple(phase for phase in RUNS_OF if any(phase in cell.budgets for cell in comparison.cells.values()))


def budget_sentences(comparison: Comparison) -> list[str]:
    """Say whether all cells were given the same budget and spent it.

    Args:
        comparison: the study's.

    Returns:
        A sentence on the plan where it is known, one on trials that ended early where they made a difference, one for
        each cell and phase whose budget was not spent.
    """
    cells = list(comparison.cells.values())
    spending = [(cell, phase, budget) for cell in cells for phase, budget in cell.budgets.items()]
    unspent = [_unspent(cell, phase) for cell, phase, budget in spending if not budget.spent]
    diverged = [_diverged(cell, phase) for cell, phase, budget in spending if budget.diverged]
    return [*_plan(cells, as_planned=not (unspent or diverged)), *_saved(cells), *diverged, *unspent]


def _plan(cells: list[Cell], *, as_planned: bool) -> list[str]:
    plans = [tuple(cell.budgets[phase].planned_epochs for phase in EQUAL_PHASES) for cell in cells]
    (tune, confirm), *others = dict.fromkeys(plans)
    if tune is None or confirm is None:
        return []
    if others:
        usual = usual_budget(plans)
        few = [_name(cell) for cell, plan in zip(cells, plans, strict=True) if plan != usual]
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
        f"{_name(cell)}: {len(budget.diverged)} of {count(planned, 'trial')} {RUNS_OF[phase]} diverged, so that a loss "
        f"or a weight was not finite ({several(budget.diverged)}); they count as the worst there are."
    )


def _unspent(cell: Cell, phase: Phase) -> str:
    budget = cell.budgets[phase]
    counts = {**_other_ends(cell, phase), "not begun": budget.missing}
    told = listed([f"{number} {end}" for end, number in counts.items() if number])
    planned = count(max(budget.planned_trials or 0, budget.begun), "trial")
    to_what = f"to {phase}" if phase in EQUAL_PHASES else RUNS_OF[phase]
    return f"{_name(cell)} did not spend its budget {to_what}: of {planned} {told}."


def _other_ends(cell: Cell, phase: Phase) -> dict[str, int]:
    """Count the trials that have begun and did not end as planned."""
    budget = cell.budgets[phase]
    lost = budget.begun - budget.as_planned
    if phase not in EQUAL_PHASES:
        return {"failed or unfinished": lost}
    ended = cell.tune if phase is Phase.TUNE else cell.confirm
    return {"failed": ended.failed, "cut off": lost - ended.failed - ended.unfinished, "unfinished": ended.unfinished}
