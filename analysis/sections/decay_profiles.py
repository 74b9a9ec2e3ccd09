"""How the distributions of singular values differ between architectures."""

from collections.abc import Sequence

import numpy as np

from analysis.findings.decay_profiles import HALF, NINE_TENTHS, TENTH, Shape, shapes
from analysis.findings.measuring import Kept
from analysis.notation import listed, percent, points_between
from analysis.plots import shapes_figure
from analysis.plots.picture import picture
from analysis.sections.section import STATED, Section
from analysis.stats import Difference, FamilyTest, Interval, family_tests, paired_difference
from analysis.tables.table import Tables
from analysis.words.described import Named, Verbs, told
from tuning.sheets.sheet import Sheet, folding
from tuning.sheets.written import NOTHING

QUESTION = "How do distributions of singular values differ between architectures?"
VERBS = Verbs(
    higher="higher in",
    lower="lower in",
    same="no difference seen in",
    open="too few seeds for an interval in",
)

_Compared = dict[tuple[str, str], tuple[Interval, FamilyTest]]
"""By architecture and condition: how it differs from the first architecture, and the test among all of these."""


def distributed(tables: Tables, known: Sequence[Kept]) -> Section:
    """Say how far singular values fall off in each architecture.

    Args:
        tables: the study's.
        known: which epochs kept their vectors.

    Returns:
        The section.
    """
    found = shapes(tables, known)
    if not found:
        return Section(question=QUESTION, said=(_nothing(tables),))
    conditions = list(tables.runs["condition"].cat.categories)
    architectures = list(dict.fromkeys(one.architecture for one in found))
    against = _against(found)
    title = (
        "Singular values relative to the largest of their weight: mean over weights, shaded the 95% interval over seeds"
    )
    return Section(
        question=QUESTION,
        said=tuple(_said([one for one in found if one.condition == name], against) for name in _conditions(found)),
        picture=picture("shapes", title, shapes_figure(found, conditions, architectures, title)),
        reading=(
            "Weights as flat matrices, at the last epoch whose vectors were kept. A line that stays high is a weight "
            "that uses all of its directions, one that falls early a weight of low rank."
        ),
        sheet=_sheet(found, architectures, against),
    )


def _nothing(tables: Tables) -> str:
    return "No spectra could be read." if tables.lost else "No confirmation run has stored spectra."


def _said(found: Sequence[Shape], against: _Compared) -> str:
    levels = [f"{percent(one.at(HALF))}% in {one.architecture}" for one in found]
    said = f"{found[0].condition}: half-way down its list a singular value is, of the largest, {listed(levels)}"
    if len(found) == 1:
        return f"{said}."
    others = [
        Named(name=one.architecture, bounds=bounds, text=f"{points_between(bounds)} points", tested=tested)
        for one in found[1:]
        for bounds, tested in [against[one.architecture, one.condition]]
    ]
    return f"{said}. Against {found[0].architecture}, {told(others, VERBS)}."


def _against(found: Sequence[Shape]) -> _Compared:
    """Compare every shape half-way with that of the first architecture under its condition, seed by seed."""
    firsts = {one.condition: one for one in reversed(found)}
    others = [one for one in found if one is not firsts[one.condition]]
    differences = [_difference(one, firsts[one.condition]) for one in others]
    family = family_tests([one.test for one in differences])
    return {
        (one.architecture, one.condition): (difference.stated, test)
        for one, difference, test in zip(others, differences, family, strict=True)
    }


def _difference(one: Shape, first: Shape) -> Difference:
    seeds = sorted(one.of_seed.keys() | first.of_seed.keys())
    mine, others = ([shape.of_seed[s][HALF] if s in shape.of_seed else np.nan for s in seeds] for shape in (one, first))
    return paired_difference(mine, others)


def _sheet(found: Sequence[Shape], architectures: list[str], against: _Compared) -> Sheet:
    first = {one.condition for one in found if one.architecture == architectures[0]}
    groups = {
        architecture: [
            (
                one.condition,
                *(percent(one.at(place)) for place in (TENTH, HALF, NINE_TENTHS)),
                points_between(against[architecture, one.condition][0])
                if one.condition in first and (architecture, one.condition) in against
                else NOTHING,
                str(one.at(HALF).n),
            )
            for one in found
            if one.architecture == architecture
        ]
        for architecture in architectures
    }
    return Sheet(
        name="shapes",
        title=QUESTION,
        columns=folding(
            "condition",
            "a tenth down, % of σ₁",
            "half-way, %",
            "nine tenths, %",
            f"half-way, against {architectures[0]}",
            "seeds",
        ),
        groups=groups,
        notes=(
            "Mean ± half-width of the 95% t-interval over seeds of the mean over weights. The last column but one is "
            f"the difference in percentage points under the same condition and seed. {STATED}",
        ),
    )


def _conditions(found: Sequence[Shape]) -> list[str]:
    return list(dict.fromkeys(one.condition for one in found))
