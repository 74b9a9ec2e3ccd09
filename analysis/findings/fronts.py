"""Which trials of a search no other one beats in both validation accuracy and Lipschitz bound."""

from dataclasses import dataclass

import numpy as np

from analysis.stats import FloatArray, IntArray, pareto_front
from analysis.tables.runs import cells
from analysis.tables.study_tables import Tables
from analysis.tables.trials import FULL_BUDGET, SCORE, trials
from tuning import records


@dataclass(frozen=True, kw_only=True)
class Front:
    """The trials of one cell and its Pareto front.

    Attributes:
        architecture: its name.
        condition: its name.
        bounds: log10 Lipschitz bound of each trial of full budget, shape ``(trials,)``; smaller is better.
        scores: validation accuracy of the same trials, shares between 0 and 1; larger is better.
        front: places of those that are not dominated, by ascending bound.
    """

    architecture: str
    condition: str
    bounds: FloatArray
    scores: FloatArray
    front: IntArray


def fronts(tables: Tables) -> tuple[Front, ...]:
    """Find the Pareto front of every cell, where the search had two objectives.

    Args:
        tables: the study's.

    Returns:
        One a cell with a trial of full budget that has a bound, in the study's order; none for any search but nsga2.
    """
    if tables.study_data.get("search", {}).get("algorithm") != "nsga2":
        return ()
    found = []
    for architecture, condition in cells(tables):
        of_cell = trials(tables, architecture, condition)
        of_cell = of_cell[of_cell[FULL_BUDGET] & of_cell[records.LIPSCHITZ_BOUND].notna()]
        if of_cell.empty:
            continue
        both = of_cell[[records.LIPSCHITZ_BOUND, SCORE]].to_numpy(np.float64)
        found.append(
            Front(
                architecture=architecture,
                condition=condition,
                bounds=both[:, 0],
                scores=both[:, 1],
                front=pareto_front(both, ["minimize", "maximize"]),
            )
        )
    return tuple(found)
