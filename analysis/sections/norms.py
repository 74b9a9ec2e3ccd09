"""How spectral norms change over time: the last epoch against the state before the first step."""

from analysis.findings.changes import Change, changes
from analysis.notation import plus_minus, signed
from analysis.plots.picture import Picture
from analysis.sections.section import STATED, Section
from analysis.tables.study_tables import Tables
from analysis.words.described import Verbs, told, with_sign
from tuning import records
from tuning.sheets.sheet import Sheet, folding
from tuning.sheets.written import NOTHING

QUESTION = "How do spectral norms change over time?"
METRICS = {records.SPECTRAL_NORM_MAX: "largest spectral norm", records.SPECTRAL_NORM_MEAN: "mean spectral norm"}
VERBS = Verbs(
    higher="rises under",
    lower="falls under",
    same="no change seen under",
    test="the interval holds zero, and the test sees a change under",
    open="too few seeds for an interval under",
)
CAPTION = (
    "Norms and ranks are of each weight as a flat matrix (a convolution as output channels × everything else), then "
    "the maximum or the mean over the weights. The Lipschitz bound is certified for the network as it is evaluated: "
    "the norms of its maps composed along its graph, BatchNorm folded in, the branches of a residual block added. A "
    "network that cannot be traced has none."
)


def norms(tables: Tables, curves: Picture) -> Section:
    """Say how the spectral norms of every cell have changed.

    Args:
        tables: the study's.
        curves: norms by epoch, drawn.

    Returns:
        The section; without a table where no confirmation run has measured twice.
    """
    found = [changes(tables, metric) for metric in METRICS]
    if not found[0]:
        nothing = "No confirmation run has measured its weights at two epochs, so there is no change to report."
        return Section(question=QUESTION, said=(nothing,), picture=curves, caption=CAPTION)
    architectures = list(dict.fromkeys(change.architecture for change in found[0]))
    return Section(
        question=QUESTION,
        said=tuple(_said(architecture, found[0]) for architecture in architectures),
        picture=curves,
        caption=CAPTION,
        sheet=_sheet(found, architectures),
    )


def _said(architecture: str, found: tuple[Change, ...]) -> str:
    changes = [change for change in found if change.architecture == architecture]
    named = [with_sign(change.condition, change.difference, change.tested) for change in changes]
    first, last = changes[0].epochs
    return f"{architecture}: from epoch {first} to {last} the largest spectral norm {told(named, VERBS)}."


def _sheet(found: list[tuple[Change, ...]], architectures: list[str]) -> Sheet:
    columns = [{(change.architecture, change.condition): change for change in of_metric} for of_metric in found]
    groups = {
        architecture: [
            (
                condition,
                *(text for of_metric in columns for text in _texts(of_metric.get((name, condition)))),
                _seeds(change),
            )
            for (name, condition), change in columns[0].items()
            if name == architecture
        ]
        for architecture in architectures
    }
    headings = [text for name in METRICS.values() for text in (f"{name}, start", f"{name}, end", f"{name}, change")]
    return Sheet(
        name="norms",
        title=QUESTION,
        columns=folding("condition", *headings, "seeds"),
        groups=groups,
        notes=(
            "Start: before the first step. Start and end: mean ± half-width of the 95% t-interval over confirmation "
            f"seeds. Change: end − start of the same run. {STATED}",
        ),
    )


def _texts(change: Change | None) -> tuple[str, str, str]:
    return (
        (NOTHING,) * 3
        if change is None
        else (plus_minus(change.start), plus_minus(change.end), signed(change.difference.stated))
    )


def _seeds(change: Change) -> str:
    return str(change.difference.n)
