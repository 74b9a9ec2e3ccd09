"""How the distributions of singular values differ between architectures."""

from collections.abc import Sequence

from analysis.findings.decay_profiles import (
    HALF,
    NINE_TENTHS,
    TENTH,
    Compared,
    DecayProfile,
    against_first,
    decay_profiles,
)
from analysis.findings.kept_spectra import Kept
from analysis.notation import listed, percent, points_between
from analysis.plots import decay_profiles_figure
from analysis.plots.picture import picture
from analysis.sections.section import STATED, Section
from analysis.tables.study_tables import Tables
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


def distributed(tables: Tables, known: Sequence[Kept]) -> Section:
    """Say how far singular values fall off in each architecture.

    Args:
        tables: the study's.
        known: which epochs kept their vectors.

    Returns:
        The section.
    """
    found = decay_profiles(tables, known)
    if not found:
        return Section(question=QUESTION, said=(_nothing(tables),))
    conditions = list(tables.runs["condition"].cat.categories)
    architectures = list(dict.fromkeys(profile.architecture for profile in found))
    against = against_first(found)
    title = (
        "Singular values relative to the largest of their weight: mean over weights, shaded the 95% interval over seeds"
    )
    return Section(
        question=QUESTION,
        said=tuple(
            _said([profile for profile in found if profile.condition == name], against) for name in _conditions(found)
        ),
        picture=picture("shapes", title, decay_profiles_figure(found, conditions, architectures, title)),
        caption=(
            "Weights as flat matrices, at the last epoch whose vectors were kept. A line that stays high is a weight "
            "that uses all of its directions, one that falls early a weight of low rank."
        ),
        sheet=_sheet(found, architectures, against),
    )


def _nothing(tables: Tables) -> str:
    return "No spectra could be read." if tables.lost else "No confirmation run has stored spectra."


def _said(found: Sequence[DecayProfile], against: Compared) -> str:
    levels = [f"{percent(profile.at(HALF))}% in {profile.architecture}" for profile in found]
    said = f"{found[0].condition}: half-way down its list a singular value is, of the largest, {listed(levels)}"
    if len(found) == 1:
        return f"{said}."
    others = [
        Named(name=profile.architecture, bounds=bounds, text=f"{points_between(bounds)} points", tested=tested)
        for profile in found[1:]
        for bounds, tested in [against[profile.architecture, profile.condition]]
    ]
    return f"{said}. Against {found[0].architecture}, {told(others, VERBS)}."


def _sheet(found: Sequence[DecayProfile], architectures: list[str], against: Compared) -> Sheet:
    first = {profile.condition for profile in found if profile.architecture == architectures[0]}
    groups = {
        architecture: [
            (
                profile.condition,
                *(percent(profile.at(place)) for place in (TENTH, HALF, NINE_TENTHS)),
                points_between(against[architecture, profile.condition][0])
                if profile.condition in first and (architecture, profile.condition) in against
                else NOTHING,
                str(profile.at(HALF).n),
            )
            for profile in found
            if profile.architecture == architecture
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


def _conditions(found: Sequence[DecayProfile]) -> list[str]:
    return list(dict.fromkeys(profile.condition for profile in found))
