"""All conditions at the baseline's learning rate.

Where BatchNorm follows a weight, the function does not depend on the weight's norm, and the step that counts is
lr/‖W‖²: whoever holds the norm sets the learning rate too. A condition that wins at a learning rate of its own and not
at the baseline's has won by that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tuning.records import Phase
from tuning.settings.overrides import overridden
from tuning.settings.space import Domain
from tuning.settings.trial_settings import TrialSettings
from tuning.study.cell import Cell, Values
from tuning.study.confirm import Confirm, baseline

RATE = "training.learning_rate"


def unmatched(confirm: Confirm, cells: Sequence[Cell]) -> dict[str, str]:
    """Return the conditions that are not confirmed at the baseline's learning rate, with a sentence that says why.

    Args:
        confirm: the study's; one that does not confirm at that rate leaves nothing out.
        cells: the study's.
    """
    others = {cell.condition_name: cell for cell in cells}
    name_of_baseline = _baseline(confirm, cells)
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


def matched_cells(confirm: Confirm, cells: Sequence[Cell]) -> list[tuple[Cell, Cell]]:
    """Return the cells that are confirmed at the baseline's learning rate beside their own; none where none is.

    Args:
        confirm: the study's.
        cells: the study's.

    Returns:
        Pairs: the cell, and the baseline's of the same architecture.
    """
    name = _baseline(confirm, cells)
    if name is None:
        return []
    plain = {cell.architecture.name: cell for cell in cells if cell.condition_name == name}
    left_out = {*unmatched(confirm, cells), name}
    return [(cell, plain[cell.architecture.name]) for cell in cells if cell.condition_name not in left_out]


def matched(cell: Cell, plain: Cell, chosen: Mapping[str, Values], index: int) -> TrialSettings | None:
    """Return a cell's setting at its baseline's learning rate, on one confirmation seed.

    Args:
        cell: one of `matched_cells`.
        plain: the baseline's cell, which stands beside it there.
        chosen: by cell, what was tuned.
        index: of the seed; initialization, data order and split are those of the confirmation.

    Returns:
        The settings; None where the cell has chosen that learning rate itself, and its confirmation is that run, or
        where it or its baseline has nothing chosen.
    """
    if cell.key not in chosen or plain.key not in chosen:
        return None
    rate = plain.settings(Phase.CONFIRM, index, chosen[plain.key]).training.learning_rate
    own = cell.settings(Phase.CONFIRM, index, chosen[cell.key])
    if own.training.learning_rate == rate:
        return None
    return replace(overridden(own, {"learning_rate": rate}), phase=Phase.MATCHED)


def check_matched(confirm: Confirm, cells: Sequence[Cell]) -> None:
    """See that there are conditions to confirm at the baseline's learning rate, and that they can be trained at it.

    Args:
        confirm: the study's.
        cells: the study's, sound by themselves.

    Raises:
        ValueError: where there are none, or a condition takes no such learning rate as the baseline may choose.
    """
    if confirm.learning_rate is None:
        return
    pairs = matched_cells(confirm, cells)
    if not pairs:
        reasons = "; ".join(unmatched(confirm, cells).values())
        raise ValueError(
            "confirm: learning_rate matched needs a condition beside the baseline that can be trained at its learning "
            f"rate, got none{f' ({reasons})' if reasons else ''}; leave it out"
        )
    for cell, plain in pairs:
        rate = plain.values[RATE]
        for ends in rate.extremes() if isinstance(rate, Domain) else (rate,):
            for values in cell.extremes():
                try:
                    overridden(cell.settings(Phase.CONFIRM, 0, values), {"learning_rate": ends})
                except ValueError as error:
                    raise ValueError(
                        f"condition {cell.condition_name} at the baseline's learning rate: {error}"
                    ) from error


def _baseline(confirm: Confirm, cells: Sequence[Cell]) -> str | None:
    return baseline(confirm, {cell.condition_name: cell.condition for cell in cells})


def _optimizer(cell: Cell) -> str:
    return str(cell.values["optimizer.name"])
