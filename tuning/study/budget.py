"""What a study plans to spend on each of its cells; a comparison is fair where all are given the same."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tuning.records import Phase
from tuning.study.confirmations import confirmations_planned

if TYPE_CHECKING:
    from tuning.study.cell import Cell


PHASES = (Phase.TUNE, Phase.CONFIRM)
"""Those whose budgets must be equal for all cells; what else is confirmed is asked of some cells alone."""


def planned_trials(cell: "Cell", phase: Phase) -> int:
    """Return how many trials of a phase a cell is to have.

    Args:
        cell: the one asked about.
        phase: any but ``summary``; of ``matched`` it is the most there can be, as `confirmations_planned` says.
    """
    if phase is Phase.TUNE:
        return cell.study.search.trials
    return confirmations_planned(cell.study)[phase].get(cell.key, 0)


def planned_epochs(cell: "Cell", phase: Phase) -> int:
    """Return how many epochs the trials of a phase are to train together, if none is stopped early.

    Args:
        cell: the one asked about.
        phase: as `planned_trials` has it.
    """
    return planned_trials(cell, phase) * cell.study.training.epochs


def uneven(cells: "Sequence[Cell]", phase: Phase) -> dict[str, str]:
    """Say of each cell whose planned budget is not that of most others what it is.

    Args:
        cells: of a study.
        phase: of `PHASES`.

    Returns:
        By cell, ``"20 epochs to tune where others have 24"``; empty where all are equal. Of two budgets that equally
        many cells have, the larger counts as that of the others.
    """
    planned = {cell.key: planned_epochs(cell, phase) for cell in cells}
    counts = Counter(planned.values())
    usual = max(counts, key=lambda epochs: (counts[epochs], epochs))
    return {
        cell: f"{epochs} epochs to {phase} where others have {usual}"
        for cell, epochs in planned.items()
        if epochs != usual
    }
