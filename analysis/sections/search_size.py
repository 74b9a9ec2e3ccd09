"""What a search of another size could be expected to find, where that may be told."""

from collections.abc import Sequence

from analysis.findings.tuning_curves import TuningCurve, at_share, tuning_curves
from analysis.notation import percent, several
from analysis.plots import tuning_curves_figure
from analysis.plots.picture import picture
from analysis.sections.section import Section
from analysis.tables.study_tables import Tables
from tuning.sheets.sheet import Sheet, folding

QUESTION = "What would a search of fewer trials have found?"
NO_RESULT = "These are validation accuracies that a search chose by: they compare budgets, and are no result."


def budget(tables: Tables) -> Section | None:
    """Say what so many trials can be expected to find.

    Args:
        tables: the study's.

    Returns:
        The section; None where nothing was searched.
    """
    found = tuning_curves(tables)
    if not found:
        return None
    drawn = [curve for curve in found if curve.expected is not None]
    refused = _refused([curve for curve in found if curve.expected is None], len(found))
    if not drawn:
        return Section(question=QUESTION, said=refused)
    architectures = list(dict.fromkeys(curve.architecture for curve in drawn))
    conditions = list(tables.runs["condition"].cat.categories)
    title = (
        "Expected best validation accuracy of so many trials; shaded its 95% interval, up to a quarter of the trials"
    )
    return Section(
        question=QUESTION,
        said=(NO_RESULT, *refused),
        picture=picture("budget", title, tuning_curves_figure(drawn, architectures, conditions, title)),
        caption="Where a curve still rises at its end, a larger search would find better settings for that condition.",
        sheet=_sheet(drawn, architectures),
    )


def _refused(found: Sequence[TuningCurve], cells: int) -> tuple[str, ...]:
    """Name the cells without a curve, and why they have none."""
    by_reason: dict[str, list[str]] = {}
    for curve in found:
        by_reason.setdefault(curve.refused, []).append(f"{curve.condition} on {curve.architecture}")
    return tuple(
        f"No curve for {several(names, 3) if len(names) < cells else 'any cell'}: {reason}."
        for reason, names in by_reason.items()
    )


def _sheet(found: Sequence[TuningCurve], architectures: Sequence[str]) -> Sheet:
    groups = {
        architecture: [
            (
                curve.condition,
                *(percent(at_share(curve.expected, share)) for share in (0, 0.5, 1)),
                str(curve.expected.band.n[0]),
            )
            for curve in found
            if curve.architecture == architecture and curve.expected is not None
        ]
        for architecture in architectures
    }
    return Sheet(
        name="budget",
        title=QUESTION,
        columns=folding("condition", "one trial, %", "a quarter of the trials, %", "half of the trials, %", "trials"),
        groups=groups,
        notes=(
            "Mean best validation accuracy of all subsets of so many trials, ± half-width of the 95% interval; above a "
            "quarter of the trials an interval would cover too seldom, and none is given.",
        ),
    )
