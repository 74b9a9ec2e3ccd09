"""What accuracy goes with what Lipschitz bound: the Pareto fronts of a search with both objectives."""

import math
from collections.abc import Sequence

from analysis.findings.fronts import Front, fronts
from analysis.notation import number
from analysis.plots import fronts_figure
from analysis.plots.picture import picture
from analysis.sections.section import Section
from analysis.stats import FloatArray
from analysis.tables.study_tables import Tables
from tuning.sheets.sheet import Sheet, folding
from tuning.sheets.written import NOTHING, Written

QUESTION = "Which validation accuracy goes with which Lipschitz bound?"


def front(tables: Tables) -> Section | None:
    """Show the fronts of a search by nsga2.

    Args:
        tables: the study's.

    Returns:
        The section; None where the search had one objective.
    """
    found = fronts(tables)
    if not found:
        return None
    architectures = list(dict.fromkeys(front_of_cell.architecture for front_of_cell in found))
    conditions = list(tables.runs["condition"].cat.categories)
    title = "Trials of the search, and those that no other of their cell beats in both accuracy and bound"
    return Section(
        question=QUESTION,
        said=(
            "These are single trials of the search, judged by the validation data that they were chosen by: they show "
            "what trades against what, and are no result. What was confirmed is the most accurate of each cell.",
        ),
        picture=picture("front", title, fronts_figure(found, architectures, conditions, title)),
        caption="Up and to the left is better: more accurate, with a smaller certified bound.",
        sheet=_sheet(found, architectures),
    )


def _sheet(found: Sequence[Front], architectures: Sequence[str]) -> Sheet:
    groups = {
        architecture: [
            (
                front_of_cell.condition,
                str(len(front_of_cell.scores)),
                str(len(front_of_cell.front)),
                _ends(front_of_cell.bounds[front_of_cell.front], 1),
                _ends(front_of_cell.scores[front_of_cell.front], 100),
            )
            for front_of_cell in found
            if front_of_cell.architecture == architecture
        ]
        for architecture in architectures
    }
    return Sheet(
        name="front",
        title=QUESTION,
        columns=folding("condition", "trials", "on the front", "log10 bound along it", "validation % along it"),
        groups=groups,
        notes=(
            "From the smallest bound on the front to the highest accuracy; of single trials, hence without intervals.",
        ),
    )


def _ends(values: FloatArray, scale: int) -> str:
    if not len(values):
        return NOTHING
    low, high = (scale * float(value) for value in values[[0, -1]])
    return Written(str(number(low)) if low == high else f"{number(low)} to {number(high)}", math.nan, (low, high))
