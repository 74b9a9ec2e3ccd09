"""What a study's data mean for each of its cells, written down for those who read results and know no studies."""

from typing import Any

from tuning.baseline import reference
from tuning.records import CONFIRMATIONS, Phase
from tuning.settings.space import plain
from tuning.study.budget import planned_trials
from tuning.study.cell import Cell
from tuning.study.matched import matched_cells
from tuning.study.study import Study


def answers(study: Study) -> dict[str, Any]:
    """Return what follows from a study for each cell, and who its baseline is, as plain data.

    It is the same for all cells of a condition: architectures differ in nothing that it tells.

    It is kept beside the study's own keys in the tags of its experiment, under `tuning.records.ANSWERS`: a study file
    has no such key, and two studies that ask the same have the same answers. The study's folder has none: they follow
    from what is kept there.

    Args:
        study: what is compared, and how.

    Returns:
        ``baseline``, a condition, and by condition ``conditions``, each with what holds for every cell of it:
        ``values`` (by flat name a constant, or the range that is searched, as a study file writes it), ``planned``
        (trials by phase, of ``matched`` the most there can be) and ``matched`` (whether it is confirmed at the
        baseline's learning rate too).
    """
    at_rate = {cell.key for cell, _ in matched_cells(study.confirm, study.cells)}
    held = {name: condition.regularizer for name, condition in study.conditions.items()}
    return {
        "baseline": reference(study.confirm.baseline, held),
        "conditions": {
            cell.condition_name: _of_cell(study, cell) | {"matched": cell.key in at_rate}
            for cell in study.cells
            if cell.architecture == study.architectures[0]
        },
    }


def _of_cell(study: Study, cell: Cell) -> dict[str, Any]:
    planned = {str(phase): planned_trials(study, cell, phase) for phase in (Phase.TUNE, *CONFIRMATIONS)}
    return {"values": plain(cell.values), "planned": planned}
