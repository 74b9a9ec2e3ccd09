"""One self-contained HTML page: the study's question, the comparison, and the pictures that explain it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from analysis.findings.compare import Comparison
from analysis.findings.curves import Curve, confirmed, curves
from analysis.findings.distributions import distributions
from analysis.findings.kept_spectra import Kept, fallbacks, kept
from analysis.findings.measuring import cost
from analysis.page.templates import environment
from analysis.plots import (
    GENERALIZING,
    HOLDING,
    LEARNING,
    MOVING,
    NETWORK,
    accuracy_figure,
    columns_with,
    curves_figure,
    distributions_figure,
)
from analysis.plots.picture import Picture, picture
from analysis.plots.style import condition_styles
from analysis.sections import AllSections, all_sections
from analysis.tables.study_queries import described, surroundings
from analysis.tables.study_tables import Tables
from analysis.words.basis import study_remarks
from analysis.words.headline import provenance, question
from analysis.words.sentences import measured, remarks, verdict
from analysis.writing.beside import sheets_beside
from analysis.writing.budget_sheet import budget_sheet
from analysis.writing.comparison_sheet import SETTINGS, comparison_sheet, tuning_sheet
from tuning.sheets import html
from tuning.sheets.sheet import Sheet

CURVES = {
    "learning": (LEARNING, "Loss and accuracy by epoch"),
    "holding": (HOLDING, "Spectral norms, effective rank and Lipschitz bound by epoch"),
    "moving": (MOVING, "How the weights move, by epoch"),
    "generalizing": (GENERALIZING, "Margins and generalization gaps by epoch"),
    "network": (NETWORK, "The network as a map, by epoch"),
}
"""Pictures of curves: their columns and what they show, in the order of the page."""

CAPTIONS = {
    "accuracy": (
        "Panels have their own scales. Intervals are of each mean alone. The seeds are paired, so two conditions whose "
        "intervals overlap may still differ: the paired differences of the next section decide."
    ),
    "learning": (
        "Confirmation runs only. Epoch 0 is the state before the first step, which has no training loss. Rows have "
        "their own scales."
    ),
    "moving": "Means over the weights as flat matrices.",
}
"""How each picture begins to be explained; the meanings of its columns follow."""

LEGEND = (
    "Mean over the confirmation seeds after the last epoch, of an epoch's seconds the median over all epochs; ± is the "
    "half-width of the 95% t-interval. Shaded: the highest mean of an architecture. A cell without a completed "
    "confirmation run shows —, for what a search reached at its best is not a result."
)
"""What the page's table of results holds."""

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
        sections: those that answer the study's questions, each with its own picture.
        sheets: the tables beside the comparison that stand in no section.
        spectra: by architecture, one picture a view of which spectra are stored.
    """

    html: str
    pictures: Mapping[str, Picture]
    sections: AllSections
    sheets: Sequence[Sheet]
    spectra: Mapping[str, Sequence[Picture]]

    @property
    def drawn(self) -> list[Picture]:
        """Every picture, in the order of the page."""
        of, drawn = self.sections, self.pictures
        places = [
            *(drawn["accuracy"], of.performance.picture, drawn["learning"], of.norms.picture, of.ranks.picture),
            *(drawn.get(name) for name in ("moving", "generalizing", "network")),
            of.decay_profiles.picture,
            *(drawing for drawings in self.spectra.values() for drawing in drawings),
            *(of.families.picture, of.prediction.picture),
            *(section.picture for section in of.search),
        ]
        return [drawing for drawing in places if drawing is not None]


def report(tables: Tables, comparison: Comparison) -> Report:
    """Draw the pictures and write the page.

    Args:
        tables: the study's.
        comparison: computed from them.

    Returns:
        The report.
    """
    known = kept(tables)
    shown = curves(tables, [column.metric for columns, _ in CURVES.values() for column in columns])
    pictures, spectra = _pictures(tables, comparison, shown), _spectra(tables, comparison, known)
    found, beside = all_sections(tables, comparison, known, pictures["holding"]), sheets_beside(tables)
    of_measuring = measured(cost(tables), known, fallbacks(tables))
    pages = environment()
    budgets = budget_sheet(comparison)
    colours = {name: look.colour for name, look in condition_styles(comparison.conditions).items()}
    text = pages.get_template("report.html.j2").render(
        study=tables.study,
        question=question(tables, comparison),
        comparison=html.table(_results(comparison), colours),
        verdicts={name: verdict(comparison, name) for name in comparison.architectures},
        remarks=[*remarks(comparison), *study_remarks(tables), *tables.lost],  # all files have been asked for by now
        budget_notes=budgets.notes,
        budgets=html.table(replace(budgets, notes=()), colours),
        tuning=html.table(tuning_sheet(comparison), colours),
        compact=partial(html.table, compact=True),
        sheets=beside,
        described=described(tables.study_data),
        surroundings=surroundings(tables.study_data),
        description=tables.study_data.get("description", ""),
        colours=colours,
        pictures=pictures,
        captions=_captions({curve.metric for curve in shown}),
        sections=found,
        spectra=spectra,
        measured=of_measuring,
        provenance=provenance(tables),
    )
    return Report(html=text, pictures=pictures, sections=found, sheets=beside, spectra=spectra)


def _results(comparison: Comparison) -> Sheet:
    """Set out the comparison without the columns that the page has a table of its own for."""
    return replace(comparison_sheet(comparison, ("trials", SETTINGS)), legend=LEGEND)


def _pictures(tables: Tables, comparison: Comparison, shown: Sequence[Curve]) -> dict[str, Picture]:
    names = {"architectures": comparison.architectures, "conditions": comparison.conditions}
    accuracy = "Test accuracy of each confirmation seed (dots), their mean (diamond) and its 95% interval (bar)"
    pictures = {"accuracy": picture("accuracy", accuracy, accuracy_figure(confirmed(tables), title=accuracy, **names))}
    there = {curve.metric for curve in shown}
    for name, (columns, what) in CURVES.items():
        always = name in {"learning", "holding"}  # empty panels say that nothing was confirmed
        if always or any(column.metric in there for column in columns):
            title = f"{what}: mean over confirmation seeds, shaded its 95% interval"
            pictures[name] = picture(name, title, curves_figure(shown, columns, title=title, **names))
    return pictures


def _captions(metrics: Collection[str]) -> dict[str, str]:
    """Explain what each picture shows, and no column that it has not."""
    meant = {name: [column.meaning for column in columns_with(metrics, shown)] for name, (shown, _) in CURVES.items()}
    return CAPTIONS | {
        name: " ".join(dict.fromkeys(sentence for sentence in (CAPTIONS.get(name, ""), *told) if sentence))
        for name, told in meant.items()
    }


def _spectra(tables: Tables, comparison: Comparison, known: Sequence[Kept]) -> dict[str, list[Picture]]:
    found = {
        view: distributions(tables, view)
        for view in dict.fromkeys(view for of_architecture in known for view in of_architecture.views)
    }
    pictures: dict[str, list[Picture]] = {}
    for place, architecture in enumerate(comparison.architectures):
        for view, cells in found.items():
            if any(cell.architecture == architecture for cell in cells):
                title = (
                    f"{architecture}, {VIEWS.get(view, view)}: singular values by epoch, darker where more of them lie"
                )
                figure = distributions_figure(cells, comparison.conditions, architecture, title)
                pictures.setdefault(architecture, []).append(picture(f"spectra-{place}-{view}", title, figure))
    return pictures
