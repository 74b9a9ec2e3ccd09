"""How trials ended and what they were trained with, in a few marks of a table."""

from analysis.findings.compare import Cell, Endings
from analysis.notation import setting
from tuning.records import short_name
from tuning.sheets.written import NOTHING

ENDS = "completed/early-stopped/diverged/failed"
"""How trials are counted in every table; what has not begun or not ended is said in words."""


def ends(ended: Endings) -> str:
    """Count trials by their ending, as `ENDS` names them.

    Args:
        ended: of one phase of a cell.
    """
    return f"{ended.completed}/{ended.early_stopped}/{ended.diverged}/{ended.failed}"


def chosen(cell: Cell) -> str:
    """Write a cell's chosen settings by the last part of their names, for the first says only where they go.

    Args:
        cell: one architecture under one condition.

    Returns:
        "learning rate 0.001, strength 0.01", or a dash where nothing was confirmed or searched.
    """
    told = [f"{short_name(name).replace('_', ' ')} {setting(value)}" for name, value in cell.chosen.items()]
    return ", ".join(told) or NOTHING
