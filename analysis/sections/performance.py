"""How each condition changes test accuracy: paired differences, on each architecture and over all of them."""

from collections.abc import Sequence

from analysis.findings.effects import Contrast, Effects, Overall
from analysis.notation import count, listed, number, points_between, spanned
from analysis.plots import Mark, Panel, intervals_figure
from analysis.plots.picture import picture
from analysis.sections.section import MARKED, STATED, Section
from analysis.stats import Estimate
from analysis.words.described import Named, Verbs, allowance, told
from tuning.sheets.sheet import Sheet, folding
from tuning.sheets.written import NOTHING, Written

MOST_PAIRS = 10
"""Pairs of conditions other than the baseline that a table lists for an architecture; more would bury the rest."""

ALL = "all architectures"


def performance(found: Effects) -> Section:
    """Say what every condition does to test accuracy.

    Args:
        found: the effects on test accuracy.

    Returns:
        The section.
    """
    question = f"How does each condition change test accuracy, against {found.baseline}?"
    if not found.to_baseline:
        alone = f"No other condition shares a completed confirmation seed with {found.baseline}: nothing to compare."
        return Section(question=question, said=(alone,))
    title = f"Paired differences of test accuracy to {found.baseline}, with 95% intervals"
    others = [overall.condition for overall in found.overall if overall.condition != found.baseline]
    figure = intervals_figure(_panels(found), others, [overall.condition for overall in found.overall], title)
    return Section(
        question=question,
        said=tuple([*_by_architecture(found), *_over_all(found), _tested(found.to_baseline), *_seeable(found)]),
        picture=picture("performance", title, figure),
        caption=f"{MARKED} Of the mean over all architectures there is no test. Panels have their own scales.",
        sheet=_sheet(question, found),
    )


def _by_architecture(found: Effects) -> list[str]:
    said = []
    for architecture in found.architectures:
        differences = [
            Named(
                name=contrast.condition,
                bounds=contrast.difference.stated,
                text=f"{points_between(contrast.difference.stated)} points",
                tested=contrast.tested,
            )
            for contrast in found.on(architecture)
        ]
        said.append(f"{architecture}: {told(differences, Verbs())}.")
    return said


def _over_all(found: Effects) -> list[str]:
    """Say what holds over all architectures, where there are several."""
    if len(found.architectures) < 2:
        return []
    gains = [
        Named(name=overall.condition, bounds=overall.gain, text=f"{points_between(overall.gain)} points")
        for overall in _gaining(found)
    ]
    levels = [f"{overall.condition} {_level(overall.level)}" for overall in found.overall if overall.level.n]
    return [
        "Over all architectures, by the interval of the interquartile mean of the differences, of which there is no "
        f"test: {told(gains, Verbs())}.",
        f"Interquartile means of test accuracy over all architectures, in percent: {listed(levels)}.",
    ]


def _tested(contrasts: Sequence[Contrast]) -> str:
    """Say what the sign-flip tests leave after Holm's rule, and what they could have left."""
    n = len(contrasts)
    alone = f"Of {n} intervals about {n / 20:.1f} would leave out zero if nothing differed."
    kept = [f"{contrast.condition} on {contrast.architecture}" for contrast in contrasts if contrast.tested.agrees]
    family = count(n, "comparison")
    if kept:
        return (
            f"After Holm's rule over {family} with {contrasts[0].against}, p ≤ 0.05 remains for {listed(kept)}. {alone}"
        )
    said = f"After Holm's rule over {family} with {contrasts[0].against} no sign-flip test is left with p ≤ 0.05"
    if any(contrast.tested.could for contrast in contrasts):
        return f"{said}. {alone}"
    first = min(contrasts, key=lambda contrast: contrast.tested.least).tested
    return f"{said}, nor could one be: {allowance(first)}. {alone}"


def _seeable(found: Effects) -> list[str]:
    """Say how small a difference the study could have seen."""
    there = sorted(
        (contrast for contrast in found.to_baseline if contrast.detectable > 0),
        key=lambda contrast: contrast.detectable,
    )
    if not there:
        return []
    ends = [
        f"{_points(contrast.detectable)} points ({contrast.condition} on {contrast.architecture})"
        for contrast in (there[0], there[-1])
    ]
    return [
        "The smallest true difference that a t-test on these seeds finds four times in five is "
        + (" to ".join(ends) if len(there) > 1 else ends[0])
        + "; smaller ones may be there and not be seen."
    ]


def _panels(found: Effects) -> list[Panel]:
    panels = []
    for architecture in found.architectures:
        marks = tuple(
            Mark.of(contrast.condition, contrast.difference.stated, contrast.tested)
            for contrast in found.on(architecture)
        )
        panels.append(Panel(title=architecture, unit="percentage points", marks=marks, hundredfold=True))
    if len(panels) > 1:
        marks = tuple(Mark.of(overall.condition, overall.gain) for overall in _gaining(found))
        title = f"{ALL} (IQM)"
        panels.append(Panel(title=title, unit="percentage points", marks=marks, hundredfold=True))
    return panels


def _sheet(question: str, found: Effects) -> Sheet:
    groups: dict[str, list[tuple[str, ...]]] = {}
    for architecture in found.architectures:
        pairs = [contrast for contrast in found.between if contrast.architecture == architecture]
        rows = [_row(contrast.condition, contrast) for contrast in found.on(architecture)]
        if len(pairs) <= MOST_PAIRS:
            rows += [_row(f"{contrast.condition} − {contrast.against}", contrast) for contrast in pairs]
        groups[architecture] = rows
    if len(groups) > 1:
        groups[ALL] = [
            (overall.condition, points_between(overall.gain), *[NOTHING] * 5, str(overall.gain.n))
            for overall in _gaining(found)
        ]
    return Sheet(
        name="performance",
        title=question,
        columns=folding(
            "condition", "difference, points", "p", "p by Holm", "effect size", "P(higher)", "could have seen", "seeds"
        ),
        groups=groups,
        notes=(
            f"Condition − {found.baseline} on the same seeds, or − the other condition named. {STATED} p: exact "
            "sign-flip test, and after Holm's rule over all rows with the baseline, or all pairs of others, of which "
            f"more than {MOST_PAIRS} an architecture are left out. Effect size: Cohen's d of the differences with "
            "Hedges' correction. P(higher): that one seed's accuracy is higher, ties counting half. Could have seen: "
            "the true difference, in points, that a t-test would find four times in five. All architectures: "
            "interquartile mean over all pairs, stratified bootstrap.",
        ),
    )


def _row(name: str, contrast: Contrast) -> tuple[str, ...]:
    effect, improvement = contrast.difference.effect, contrast.difference.improvement
    return (
        name,
        points_between(contrast.difference.stated),
        number(contrast.difference.test.p),
        number(contrast.adjusted_p),
        spanned(effect.value, effect.low, effect.high, sign=True, decimals=2),
        spanned(improvement.value, improvement.low, improvement.high, decimals=2),
        _points(contrast.detectable) if contrast.detectable > 0 else NOTHING,
        str(contrast.difference.n),
    )


def _points(share: float) -> Written:
    return Written(f"{100 * share:.2f}", 100 * share)


def _gaining(found: Effects) -> list[Overall]:
    return [overall for overall in found.overall if overall.condition != found.baseline and overall.gain.n]


def _level(estimate: Estimate) -> str:
    return spanned(100 * estimate.value, 100 * estimate.low, 100 * estimate.high, decimals=2)
