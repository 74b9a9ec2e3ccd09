"""One self-contained HTML page: the study's question, the comparison, and the pictures that explain it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from matplotlib.figure import Figure

from analysis import budget_table
from analysis.asked import described, surroundings
from analysis.compare import Comparison
from analysis.curves import confirmed, curves
from analysis.distributions import distributions
from analysis.formats import chosen
from analysis.looks import looks, svg
from analysis.measuring import Kept, cost, fallbacks, kept
from analysis.notation import count, listed
from analysis.page import Picture, environment
from analysis.plots import (
    GENERALIZING,
    HOLDING,
    LEARNING,
    MOVING,
    NETWORK,
    accuracy_figure,
    curves_figure,
    spectra_figure,
)
from analysis.sentences import measured, remarks, verdict
from analysis.sheets import sheets
from analysis.table import Tables
from tuning.records import Phase, StopReason
from tuning.store import hide_password

CURVES = {
    "learning": (LEARNING, "Loss and accuracy by epoch"),
    "holding": (HOLDING, "Spectral norms, effective rank and Lipschitz bound by epoch"),
    "moving": (MOVING, "How the weights move, by epoch"),
    "generalizing": (GENERALIZING, "Margins and generalization gaps by epoch"),
    "network": (NETWORK, "The network as a map, by epoch"),
}
"""Pictures of curves: their columns and what they show, in the order of the page."""

VIEWS = {
    "flat": "flat matrices",
    "circular": "circular convolutions",
    "padded": "padded convolutions",
}
"""What a view sees in a weight, for titles."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """The page and its pictures.

    Attributes:
        html: the whole page.
        pictures: ``accuracy``, ``learning`` and ``holding``; ``moving``, ``generalizing`` and ``network`` where the
            study measured what they show.
        spectra: by architecture, one picture a view of which spectra are stored.
    """

    html: str
    pictures: Mapping[str, Picture]
    spectra: Mapping[str, Sequence[Picture]]

    @property
    def drawn(self) -> list[Picture]:
        """Every picture, in the order of the page."""
        return [*self.pictures.values(), *(picture for each in self.spectra.values() for picture in each)]


def report(tables: Tables, comparison: Comparison) -> Report:
    """Draw the pictures and write the page.

    Args:
        tables: the study's.
        comparison: computed from them.

    Returns:
        The report.
    """
    known = kept(tables)
    pictures, spectra = _pictures(tables, comparison), _spectra(tables, comparison, known)
    pages = environment()
    pages.filters |= {"chosen": chosen, "budget_texts": budget_table.texts}
    html = pages.get_template("report.html.j2").render(
        study=tables.study,
        question=question(tables, comparison),
        comparison=comparison,
        verdicts={name: verdict(comparison, name) for name in comparison.architectures},
        remarks=remarks(comparison),
        budget=budget_table.sentences(comparison),
        budget_phases=budget_table.phases(comparison),
        budget_words=" + ".join(budget_table.WORDS[phase] for phase in budget_table.phases(comparison)),
        sheets=sheets(tables),
        asked=described(tables.asked),
        surroundings=surroundings(tables.asked),
        description=tables.asked.get("description", ""),
        looks=looks(comparison.conditions),
        pictures=pictures,
        spectra=spectra,
        measured=measured(cost(tables), known, fallbacks(tables)),
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
    runs = tables.runs[tables.runs["phase"].isin([Phase.TUNE, Phase.CONFIRM])]
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
        "Runs": ", ".join(
            f"{number} {what}"
            for phase, what in budget_table.WORDS.items()
            if (number := (runs["phase"] == phase).sum())
        ),
        "First run began": _date(int(runs["start_ms"].min())),
        "Last run ended": _date(int(ends.max())) if len(ends) else "none has ended",
        "Git commit": listed(commits) if commits else "not stored",
    }


def _date(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")


def _pictures(tables: Tables, comparison: Comparison) -> dict[str, Picture]:
    names = {"architectures": comparison.architectures, "conditions": comparison.conditions}
    accuracy = "Test accuracy of each confirmation seed (dots), their mean (diamond) and its 95% interval (bar)"
    pictures = {"accuracy": _picture("accuracy", accuracy, accuracy_figure(confirmed(tables), title=accuracy, **names))}
    shown = curves(tables, [column.metric for columns, _ in CURVES.values() for column in columns])
    there = {curve.metric for curve in shown}
    for name, (columns, what) in CURVES.items():
        always = name in {"learning", "holding"}  # empty panels say that nothing was confirmed
        if always or any(column.metric in there for column in columns):
            title = f"{what}: mean over confirmation seeds, shaded its 95% interval"
            pictures[name] = _picture(name, title, curves_figure(shown, columns, title=title, **names))
    return pictures


def _spectra(tables: Tables, comparison: Comparison, known: Sequence[Kept]) -> dict[str, list[Picture]]:
    found = {view: distributions(tables, view) for view in dict.fromkeys(view for one in known for view in one.views)}
    pictures: dict[str, list[Picture]] = {}
    for place, architecture in enumerate(comparison.architectures):
        for view, cells in found.items():
            if any(one.architecture == architecture for one in cells):
                title = (
                    f"{architecture}, {VIEWS.get(view, view)}: singular values by epoch, darker where more of them lie"
                )
                figure = spectra_figure(cells, comparison.conditions, architecture, title)
                pictures.setdefault(architecture, []).append(_picture(f"spectra-{place}-{view}", title, figure))
    return pictures


def _picture(name: str, title: str, figure: Figure) -> Picture:
    return Picture(name=name, title=title, svg=svg(figure))
