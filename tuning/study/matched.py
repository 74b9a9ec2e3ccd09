"""All conditions at the baseline's learning rate.

Where BatchNorm follows a weight, the function does not depend on the weight's norm, and the step that counts is
lr/‖W‖²: whoever holds the norm sets the learning rate too. A condition that wins at a learning rate of its own and not
at the baseline's has won by that.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from tuning.records import Phase
from tuning.settings.names import check_known
from tuning.settings.overrides import overridden
from tuning.settings.space import Domain
from tuning.settings.trial_settings import TrialSettings
from tuning.study.cell import Cell, Values

if TYPE_CHECKING:
    from tuning.study.study import Study

RATE = "training.learning_rate"


def baseline(study: "Study") -> str | None:
    """Return the condition at whose learning rate the others are confirmed too; None where they are not.

    Args:
        study: with its conditions.

    Raises:
        ValueError: where several conditions could be meant, or none.
    """
    confirm = study.confirm
    if confirm.learning_rate is None:
        return None
    if confirm.baseline is not None:
        return check_known("confirm: baseline", confirm.baseline, study.conditions)
    plain = [name for name, condition in study.conditions.items() if condition.regularizer == "none"]
    if len(plain) != 1:
        raise ValueError(
            "confirm: learning_rate matched needs one condition with regularizer none, or a baseline by name, got "
            f"{', '.join(plain) or 'none'}; write e.g. baseline: {(plain or list(study.conditions))[0]}"
        )
    return plain[0]


def unmatched(study: "Study") -> dict[str, str]:
    """Return the conditions that are not confirmed at the baseline's learning rate, with a sentence that says why.

    Args:
        study: any; one that is not to be confirmed at it leaves nothing out.
    """
    others = {cell.condition_name: cell for cell in study.cells}
    name_of_baseline = baseline(study)
    if name_of_baseline is None:
        return {}
    of = _optimizer(others.pop(name_of_baseline))
    left_out = {}
    for name, cell in others.items():
        said = f"{name} is not confirmed at the learning rate of {name_of_baseline}"
        if _optimizer(cell) != of:
            left_out[name] = f"{said}: those of {_optimizer(cell)} and {of} are not comparable"
        elif RATE not in cell.space:
            left_out[name] = f"{said}: its own is fixed"
    return left_out


def matched_cells(study: "Study") -> list[Cell]:
    """Return the cells that are confirmed at the baseline's learning rate beside their own; none where none is."""
    if study.confirm.learning_rate is None:
        return []
    left_out = {*unmatched(study), baseline(study)}
    return [cell for cell in study.cells if cell.condition_name not in left_out]


def matched(cell: Cell, chosen: Mapping[str, Values], index: int) -> TrialSettings | None:
    """Return a cell's setting at its baseline's learning rate, on one confirmation seed.

    Args:
        cell: one of `matched_cells`.
        chosen: by cell, what was tuned.
        index: of the seed; initialization, data order and split are those of the confirmation.

    Returns:
        The settings; None where the cell has chosen that learning rate itself, and its confirmation is that run, or
        where it or its baseline has nothing chosen.
    """
    other = baseline_cell(cell)
    if cell.key not in chosen or other.key not in chosen:
        return None
    rate = other.settings(Phase.CONFIRM, index, chosen[other.key]).training.learning_rate
    own = cell.settings(Phase.CONFIRM, index, chosen[cell.key])
    if own.training.learning_rate == rate:
        return None
    return replace(overridden(own, {"learning_rate": rate}), phase=Phase.MATCHED)


def baseline_cell(cell: Cell) -> Cell:
    """Return the baseline's cell of the same architecture."""
    name = baseline(cell.study)
    return next(one for one in cell.study.cells if (one.architecture, one.condition_name) == (cell.architecture, name))


def check_matched(study: "Study") -> None:
    """See that there are conditions to confirm at the baseline's learning rate, and that they can be trained at it.

    Args:
        study: whose cells are sound.

    Raises:
        ValueError: where there are none, or a condition takes no such learning rate as the baseline may choose.
    """
    if study.confirm.learning_rate is None:
        return
    cells = matched_cells(study)
    if not cells:
        reasons = "; ".join(unmatched(study).values())
        raise ValueError(
            "confirm: learning_rate matched needs a condition beside the baseline that can be trained at its learning "
            f"rate, got none{f' ({reasons})' if reasons else ''}; leave it out"
        )
    for cell in cells:
        rate = baseline_cell(cell).values[RATE]
        for ends in rate.extremes() if isinstance(rate, Domain) else (rate,):
            for values in cell.extremes():
                try:
                    overridden(cell.settings(Phase.CONFIRM, 0, values), {"learning_rate": ends})
                except ValueError as error:
                    raise ValueError(
                        f"condition {cell.condition_name} at the baseline's learning rate: {error}"
                    ) from error


def _optimizer(cell: Cell) -> str:
    return str(cell.values["optimizer.name"])
