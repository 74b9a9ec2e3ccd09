"""What each condition does to the ranks of weights: paired differences to the baseline."""

from analysis.findings.curves import levels
from analysis.findings.effects import Effects, effects
from analysis.notation import plus_minus, signed
from analysis.plots import Mark, Panel, intervals_figure
from analysis.plots.picture import picture
from analysis.sections.section import MARKED, STATED, Section
from analysis.tables.runs import cells
from analysis.tables.study_tables import Tables
from analysis.words.described import Verbs, told, with_sign
from tuning import records
from tuning.sheets.sheet import Sheet, folding
from tuning.sheets.written import NOTHING

METRICS = {
    records.EFFECTIVE_RANK_MEAN: "effective rank",
    records.STABLE_RANK_MEAN: "stable rank",
    records.RANK_MEAN: "numeric rank",
}
"""Means over the weights as flat matrices, and what they are called."""

SPOKEN = (records.EFFECTIVE_RANK_MEAN, records.STABLE_RANK_MEAN)
"""Those that are put into words and drawn: the numeric rank of a trained weight is nearly always full."""

CAPTION = (
    f"{MARKED} The effective rank is the exponential of the entropy of the "
    "singular values' shares, the stable rank the sum of their squares over the largest one; each is the mean over the "
    "weights as flat matrices after the last epoch."
)


def ranks(tables: Tables) -> Section:
    """Say what every condition does to effective, stable and numeric rank.

    Args:
        tables: the study's.

    Returns:
        The section.
    """
    found = {metric: effects(tables, metric) for metric in METRICS}
    plain = next(iter(found.values())).baseline
    question = f"What does each condition do to the rank of weights, against {plain}?"
    there = [metric for metric in METRICS if found[metric].to_baseline]
    if not there:
        nothing = f"No other condition shares a completed confirmation seed with {plain} that measured ranks."
        return Section(question=question, said=(nothing,))
    spoken = [metric for metric in SPOKEN if metric in there] or there
    conditions = list(tables.runs["condition"].cat.categories)
    title = f"Paired differences of ranks to {plain}, with 95% intervals"
    panels = [panel for architecture in found[there[0]].architectures for panel in _panels(found, spoken, architecture)]
    figure = intervals_figure(panels, [name for name in conditions if name != plain], conditions, title, len(spoken))
    return Section(
        question=question,
        said=tuple(
            _said(found[metric], metric, architecture)
            for architecture in found[there[0]].architectures
            for metric in spoken
        ),
        picture=picture("ranks", title, figure),
        caption=CAPTION,
        sheet=_sheet(question, tables, {metric: found[metric] for metric in there}),
    )


def _said(found: Effects, metric: str, architecture: str) -> str:
    differences = [
        with_sign(contrast.condition, contrast.difference, contrast.tested) for contrast in found.on(architecture)
    ]
    return f"{architecture}, {METRICS[metric]}: {told(differences, Verbs())}."


def _panels(found: dict[str, Effects], spoken: list[str], architecture: str) -> list[Panel]:
    return [
        Panel(
            title=f"{architecture}: {METRICS[metric]}",
            unit="difference",
            marks=tuple(
                Mark.of(contrast.condition, contrast.difference.stated, contrast.tested)
                for contrast in found[metric].on(architecture)
            ),
        )
        for metric in spoken
    ]


def _sheet(question: str, tables: Tables, found: dict[str, Effects]) -> Sheet:
    first = next(iter(found.values()))
    level_of = {metric: levels(tables, metric) for metric in found}
    differences = {
        metric: {
            (contrast.architecture, contrast.condition): signed(contrast.difference.stated)
            for contrast in of_metric.to_baseline
        }
        for metric, of_metric in found.items()
    }
    groups = {
        architecture: [
            (
                condition,
                *(
                    text
                    for metric in found
                    for text in (
                        plus_minus(level_of[metric][architecture, condition]),
                        differences[metric].get((architecture, condition), NOTHING),
                    )
                ),
            )
            for name, condition in cells(tables)
            if name == architecture
        ]
        for architecture in first.architectures
    }
    return Sheet(
        name="ranks",
        title=question,
        columns=folding(
            "condition", *(text for metric in found for text in (METRICS[metric], f"{METRICS[metric]}, difference"))
        ),
        groups=groups,
        notes=(
            "Mean ± half-width of the 95% t-interval over confirmation seeds after the last epoch; the difference is "
            f"to {first.baseline} on the same seeds. {STATED} Each interval by itself: where there are many, one in "
            "twenty misses by chance.",
        ),
    )
