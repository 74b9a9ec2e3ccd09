"""What a search of so many trials can be expected to find, cell by cell."""

from dataclasses import dataclass

from analysis.curves import cells
from analysis.stats import ExpectedBest, expected_best
from analysis.table import Tables
from analysis.trials import FULL_BUDGET, SCORE, trials
from tuning import records


@dataclass(frozen=True, kw_only=True)
class TuningCurve:
    """Expected best validation accuracy of one cell against the number of trials.

    Attributes:
        architecture: its name.
        condition: its name.
        expected: the curve, in shares between 0 and 1; None where its trials do not allow one.
        refused: why they do not; empty where they do.
    """

    architecture: str
    condition: str
    expected: ExpectedBest | None
    refused: str = ""


def tuning_curves(tables: Tables) -> tuple[TuningCurve, ...]:
    """Estimate each cell's expected best validation accuracy, where that may be done.

    Starting points that the study gave were not drawn, and do not count as trials of the search.

    Args:
        tables: the study's.

    Returns:
        One a cell that has searched, in the study's order.
    """
    search = tables.asked.get("search", {})
    found = []
    for architecture, condition in cells(tables):
        mine = trials(tables, architecture, condition)
        mine = mine[mine["seed"] >= len(search.get("points", ()))]
        if mine.empty:
            continue
        expected, refused = None, ""
        try:
            expected = expected_best(
                mine[SCORE].to_numpy(),
                exchangeable=search.get("algorithm") in records.DRAWN,
                full_budget=mine[FULL_BUDGET].to_numpy(bool),
            )
        except ValueError as reason:
            refused = str(reason)
        found.append(TuningCurve(architecture=architecture, condition=condition, expected=expected, refused=refused))
    return tuple(found)
