"""What a study plans to spend on each of its cells; a comparison is fair where all are given the same."""

from collections.abc import Mapping

from tuning.full_budget import EQUAL_PHASES, usual_budget
from tuning.records import Phase
from tuning.study.cell import Cell
from tuning.study.confirmations import confirmations_planned
from tuning.study.study import Study


def planned_trials(study: Study, cell: Cell, phase: Phase) -> int:
    """Return how many trials of a phase a cell is to have.

    Args:
        study: what is compared, and how.
        cell: one of its cells.
        phase: any but ``summary``; of ``matched`` it is the most there can be, as `confirmations_planned` says.
    """
    if phase is Phase.TUNE:
        return study.search.trials
    return confirmations_planned(study)[phase].get(cell.key, 0)


def planned_epochs(study: Study, cell: Cell, phase: Phase) -> int:
    """Return how many epochs the trials of a phase are to train together, if none is stopped early.

    Args:
        study: what is compared, and how.
        cell: one of its cells.
        phase: as `planned_trials` has it.
    """
    return planned_trials(study, cell, phase) * study.training.epochs


def uneven(planned: Mapping[str, int], phase: Phase) -> dict[str, str]:
    """Say of each cell whose planned budget is not that of most others what it is.

    Args:
        planned: by cell, the epochs of one phase.
        phase: of `EQUAL_PHASES`.

    Returns:
        By cell, ``"20 epochs to tune where others have 24"``; empty where all are equal. Of two budgets that equally
        many cells have, the larger counts as that of the others.

    Example:
        >>> uneven({"mlp/none": 24, "mlp/decay": 20, "resnet/none": 24}, Phase.TUNE)
        {'mlp/decay': '20 epochs to tune where others have 24'}
    """
    usual = usual_budget(planned.values())
    return {
        cell: f"{epochs} epochs to {phase} where others have {usual}"
        for cell, epochs in planned.items()
        if epochs != usual
    }


def uneven_budgets(study: Study) -> list[str]:
    """Say of each cell and phase whose planned budget is not that of most others what it is, a line each.

    Args:
        study: what is compared, and how.
    """
    told = []
    for phase in EQUAL_PHASES:
        planned = {cell.key: planned_epochs(study, cell, phase) for cell in study.cells}
        told += [f"{cell}: the planned budgets are not equal: {what}" for cell, what in uneven(planned, phase).items()]
    return told
