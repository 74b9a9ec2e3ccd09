"""One self-contained HTML page: the study's question, the comparison, and the pictures that explain it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from matplotlib.figure import Figure

from analysis.asked import described, surroundings
from analysis.compare import Comparison
from analysis.curves import confirmed, curves
from analysis.distributions import distributions
from analysis.formats import chosen
from analysis.looks import looks, svg
from analysis.notation import count, listed
from analysis.page import Picture, environment
from analysis.plots import HOLDING, LEARNING, accuracy_figure, curves_figure, spectra_figure
from analysis.sentences import remarks, verdict
from analysis.table import Tables
from tuning.records import Phase, StopReason
from tuning.store import hide_password


@dataclass(frozen=True, kw_only=True)
class Report:
    """The page and its pictures.

    Attributes:
        html: the whole page.
        pictures: ``accuracy``, ``learning`` and ``holding``.
        spectra: one picture an architecture that stored spectra.
    """

    html: str
    pictures: Mapping[str, Picture]
    spectra: Mapping[str, Picture]


def report(tables: Tables, comparison: Comparison) -> Report:
    """Draw the pictures and write the page.

    Args:
        tables: the study's.
        comparison: computed from them.

    Returns:
        The report.
    """
    pictures, spectra = _pictures(tables, comparison), _spectra(tables, comparison)
    pages = environment()
    pages.filters["chosen"] = chosen
    html = pages.get_template("report.html.j2").render(
        study=tables.study,
        question=question(tables, comparison),
        comparison=comparison,
        verdicts={name: verdict(comparison, name) for name in comparison.architectures},
        remarks=remarks(comparison),
        asked=described(tables.asked),
        surroundings=surroundings(tables.asked),
        description=tables.asked.get("description", ""),
        looks=looks(comparison.conditions),
        pictures=pictures,
        spectra=spectra,
        provenance=provenance(tables),
    )
    return Report(html=html, pictures=pictures, spectra=spectra)


def question(tables: Tables, comparison: Comparison) -> str:
    """Say in words what the study asks, of what, and with how much work.

    Args:
        tables: the study's.
        comparison: computed from them.

    Returns:
        A few sentences.
    """
    runs = tables.runs
    cells = comparison.cells.values()
    tuned = _range([cell.tune.runs for cell in cells], "trial")
    seeds = _range([len(cell.seeds) for cell in cells], "seed")
    epochs = _range(runs.loc[runs["stop_reason"] == StopReason.COMPLETED, "epochs"].tolist(), "epoch")
    optimizers = listed(sorted(set(runs["optimizer"])))
    conditions = listed(list(comparison.conditions))
    asked = (
        f"Which of {len(comparison.conditions)} conditions, {conditions}, reaches the highest test accuracy"
        if len(comparison.conditions) > 1
        else f"Which test accuracy does {conditions} reach"
    )
    return (
        f"{asked} on {listed(sorted(set(runs['dataset'])))} with "
        f"{listed(list(comparison.architectures))}, trained by {optimizers} for {epochs}? "
        f"Each cell, an architecture under a condition, was tuned on validation data with {tuned}; "
        f"its best setting was then trained anew on {seeds}, and test data were read only there."
    )


def _range(values: Sequence[int], noun: str) -> str:
    low, high = min(values), max(values)
    return count(low, noun) if low == high else f"{low} to {count(high, noun)}"


def provenance(tables: Tables) -> dict[str, str]:
    """Tell where the numbers come from.

    Args:
        tables: the study's.

    Returns:
        A value for each heading; a password in the store's address is left out.
    """
    runs = tables.runs
    commits = sorted(set(runs["git_commit"]) - {""})
    ends = runs["end_ms"].dropna()
    return {
        "Study": tables.study,
        "Store": hide_password(tables.tracking_uri),
        "Runs": f"{(runs['phase'] == Phase.TUNE).sum()} of the search, "
        f"{(runs['phase'] == Phase.CONFIRM).sum()} of the confirmation",
        "First run began": _date(int(runs["start_ms"].min())),
        "Last run ended": _date(int(ends.max())) if len(ends) else "none has ended",
        "Git commit": listed(commits) if commits else "not stored",
    }


def _date(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")


def _pictures(tables: Tables, comparison: Comparison) -> dict[str, Picture]:
    names = {"architectures": comparison.architectures, "conditions": comparison.conditions}
    shown = curves(tables, [column.metric for column in (*LEARNING, *HOLDING)])
    accuracy = "Test accuracy of each confirmation seed (dots), their mean (diamond) and its 95% interval (bar)"
    learning = "Loss and accuracy by epoch: mean over confirmation seeds, shaded its 95% interval"
    holding = "Spectral norms, effective rank and Lipschitz bound by epoch: mean over seeds, 95% interval shaded"
    return {
        "accuracy": _picture("accuracy", accuracy, accuracy_figure(confirmed(tables), title=accuracy, **names)),
        "learning": _picture("learning", learning, curves_figure(shown, LEARNING, title=learning, **names)),
        "holding": _picture("holding", holding, curves_figure(shown, HOLDING, title=holding, **names)),
    }


def _spectra(tables: Tables, comparison: Comparison) -> dict[str, Picture]:
    found = distributions(tables)
    pictures = {}
    for place, architecture in enumerate(comparison.architectures):
        if any(one.architecture == architecture for one in found):
            title = f"{architecture}: singular values of all weights by epoch, darker where more of them lie"
            figure = spectra_figure(found, comparison.conditions, architecture, title)
            pictures[architecture] = _picture(f"spectra-{place}", title, figure)
    return pictures


def _picture(name: str, title: str, figure: Figure) -> Picture:
    return Picture(name=name, title=title, svg=svg(figure))
