"""Whether a condition helps one family of architectures more than another."""

from analysis.findings.effects import Effects, FamilyContrast
from analysis.notation import number, points, points_between
from analysis.plots import Mark, Panel, intervals_figure
from analysis.plots.picture import picture
from analysis.sections.section import MARKED, STATED, Section
from analysis.words.described import Named, Verbs, told
from tuning.sheets.sheet import Sheet, folding
from tuning.sheets.written import NOTHING

QUESTION = "Does one family of architectures benefit more?"

PAIR = "· "
"""How a row of one architecture against another begins."""

MOST_PAIRS = 4
"""Pairs of architectures that a table lists below a condition; more would bury the families."""


def families(found: Effects) -> Section:
    """Say how the gain of every condition differs between families.

    Args:
        found: the effects on test accuracy.

    Returns:
        The section.
    """
    if not found.families:
        nothing = (
            f"A difference between families needs two of them, each with a condition and {found.baseline} confirmed on "
            "the same seeds: this study has none."
        )
        return Section(question=QUESTION, said=(nothing,))
    pairs = list(dict.fromkeys(contrast.families for contrast in found.families))
    conditions = [overall.condition for overall in found.overall]
    title = f"By how much the gain over {found.baseline} is larger in one family than in another, with 95% intervals"
    panels = [_panel([contrast for contrast in found.families if contrast.families == pair], pair) for pair in pairs]
    rows = [name for name in conditions if name != found.baseline]
    return Section(
        question=QUESTION,
        said=tuple(_said(found, pair) for pair in pairs),
        picture=picture("families", title, intervals_figure(panels, rows, conditions, title)),
        caption=(
            f"Right of zero: the condition adds more accuracy in the first family; left of it, in the second. {MARKED}"
        ),
        sheet=_sheet(found, pairs),
    )


def _said(found: Effects, pair: tuple[str, str]) -> str:
    gains = [
        Named(
            name=contrast.condition,
            bounds=contrast.interaction.families.stated,
            text=f"{points_between(contrast.interaction.families.stated)} points",
            tested=contrast.tested,
        )
        for contrast in found.families
        if contrast.families == pair
    ]
    first, second = pair
    verbs = Verbs(
        higher=f"{first} gains more from",
        lower=f"{second} gains more from",
        same="no difference seen in what they gain from",
        test="the interval holds zero, and the test sees a difference in what they gain from",
    )
    return f"{first} against {second}: {told(gains, verbs)}."


def _panel(found: list[FamilyContrast], pair: tuple[str, str]) -> Panel:
    marks = tuple(
        Mark.of(contrast.condition, contrast.interaction.families.stated, contrast.tested) for contrast in found
    )
    title = f"gain of {pair[0]} − gain of {pair[1]}"
    return Panel(title=title, unit="percentage points", marks=marks, hundredfold=True)


def _sheet(found: Effects, pairs: list[tuple[str, str]]) -> Sheet:
    groups: dict[str, list[tuple[str, ...]]] = {}
    for pair in pairs:
        contrasts = [contrast for contrast in found.families if contrast.families == pair]
        groups[" − ".join(pair)] = [row for contrast in contrasts for row in _rows(contrast)]
    return Sheet(
        name="families",
        title=QUESTION,
        columns=folding("condition", "difference of gains, points", "by Student's t", "p", "p by Holm", "seeds"),
        groups=groups,
        notes=(_note(found.baseline, apart=any(row[0].startswith(PAIR) for rows in groups.values() for row in rows)),),
        grouped_by="families",
    )


def _note(baseline: str, *, apart: bool) -> str:
    """Explain the table, with its rows of single architectures where it has some."""
    rows = f" Rows that begin with {PAIR.strip()} compare one architecture of each family." if apart else ""
    return (
        f"Gain: test accuracy with the condition less that with {baseline} on the same seed, averaged over a family's "
        "architectures. Difference of gains: the first family's gain less the second's, so +1 means that the condition "
        f"adds one point more in the first family.{rows} {STATED} By Student's t: the same difference with Student's "
        "interval. p: how often a difference this large would come by chance if both families gained alike (exact "
        "sign-flip test); by Holm: the same, corrected for all conditions and pairs of families. Seeds alone were "
        "varied: what is seen holds for these architectures, not for every one of their families."
    )


def _rows(contrast: FamilyContrast) -> list[tuple[str, ...]]:
    whole = contrast.interaction.families
    texts = (points_between(whole.stated), points(whole.interval), number(whole.test.p))
    rows: list[tuple[str, ...]] = [(contrast.condition, *texts, number(contrast.adjusted_p), str(whole.n))]
    if not 1 < len(contrast.architectures[0]) * len(contrast.architectures[1]) <= MOST_PAIRS:
        return rows
    for first, row in zip(contrast.architectures[0], contrast.interaction.pairs, strict=True):
        for second, difference in zip(contrast.architectures[1], row, strict=True):
            texts = (points_between(difference.stated), points(difference.interval), number(difference.test.p))
            rows.append((f"{PAIR}{first} − {second}", *texts, NOTHING, str(difference.n)))
    return rows
