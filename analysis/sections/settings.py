"""Which settings mattered, how accuracy depends on them, and whether a chosen one lies at an end of its range."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.findings.compare import Comparison
from analysis.findings.edges import Edge, edges
from analysis.findings.importance import FEWEST, Importance, importances
from analysis.findings.sensitivity import Sensitivity, sensitivities
from analysis.notation import count, setting
from analysis.plots import settings_figure
from analysis.plots.picture import picture
from analysis.sections.section import Section
from analysis.tables.study_queries import ranges
from analysis.tables.study_tables import Tables
from tuning.records import SAMPLED, short_name, stops_early
from tuning.sheets.sheet import Sheet, folding
from tuning.sheets.written import NOTHING, Written

QUESTION = "Which settings mattered, and were their ranges wide enough?"
CAPTION = (
    "A dot is a trial of full budget, a diamond with its band the mean and 95% t-interval of the trials in one part of "
    "the range, the other settings varying as they were drawn. Axes show the trials that learned; one that diverged "
    "counts as 0 and lies below."
)

NOTE = (
    "Importance: fANOVA, each setting's part of the variance of accuracy over the whole range, as a random forest "
    "fits it. Among the best: PED-ANOVA, how far the best tenth of the trials (five at least) pins a setting down. The "
    "shares of a cell add up to 100 in both, and have no interval. At an end: within 5% of the range, in the scale of "
    "the search."
)
ADAPTIVE = (
    "This search proposed settings near the best that it had found, or stopped the others, so that few trials of full "
    "budget lie elsewhere. It draws the shares among the best towards each other, for it pins down settings that do "
    "not matter, too. Importance is drawn less, and rests on those few trials."
)
"""What a search does to shares that did not keep to a table of draws."""


def settings(tables: Tables, comparison: Comparison) -> Section | None:
    """Say how validation accuracy depends on what was searched.

    Args:
        tables: the study's.
        comparison: computed from them.

    Returns:
        The section; None where no number was searched.
    """
    found = sensitivities(tables)
    if not found:
        return None
    at_edges, important = edges(tables), importances(tables)
    curved = [sensitivity for sensitivity in found if len(sensitivity.band.mean) > 1]
    architectures = list(dict.fromkeys(sensitivity.architecture for sensitivity in curved))
    title = "Validation accuracy of the search's trials against each searched setting"
    return Section(
        question=QUESTION,
        said=tuple([*_warned(at_edges, comparison), *_untold(important), *_flat(curved)]),
        picture=picture("settings", title, settings_figure(curved, architectures, comparison.conditions, title))
        if curved
        else None,
        caption=CAPTION,
        sheet=_sheet(tables, comparison, at_edges, important),
    )


def _warned(found: Sequence[Edge], comparison: Comparison) -> list[str]:
    if found:
        return [
            f"{edge.condition} on {edge.architecture} chose its {_name(edge.setting)} at the "
            f"{'upper' if edge.upper else 'lower'} end of its range ({setting(edge.value)} of {setting(edge.low)} to "
            f"{setting(edge.high)}): the optimum may lie beyond, and a wider range may change the comparison."
            for edge in found
        ]
    chose = any(cell.chosen for cell in comparison.cells.values())
    return ["No chosen setting lies within 5% of an end of its range."] if chose else []


def _untold(found: Sequence[Importance]) -> list[str]:
    few = [importance for importance in found if importance.trials < FEWEST]
    alike = [importance for importance in found if importance.refused and importance not in few]
    return [
        f"Importance needs {needed}; the searches {_which(untold, found)} {instead}, and none is given."
        for untold, needed, instead in (
            (few, f"{FEWEST} trials of full budget", "have fewer"),
            (alike, "trials that differ", "have one score alone"),
        )
        if untold
    ]


def _which(some: Sequence[Importance], found: Sequence[Importance]) -> str:
    return "of every cell" if len(some) == len(found) else f"of {count(len(some), 'cell')}"


def _flat(curved: Sequence[Sensitivity]) -> list[str]:
    return (
        [] if curved else ["No cell has the 8 trials of full budget that two parts of a range need: no curve is drawn."]
    )


def _name(flat: str) -> str:
    return short_name(flat).replace("_", " ")


def _sheet(tables: Tables, comparison: Comparison, at_edges: Sequence[Edge], important: Sequence[Importance]) -> Sheet:
    shares = {
        (importance.architecture, importance.condition): (importance.shares, importance.among_best)
        for importance in important
    }
    ends = {
        (edge.architecture, edge.condition, edge.setting): "upper end" if edge.upper else "lower end"
        for edge in at_edges
    }
    groups = {}
    for architecture in comparison.architectures:
        rows = []
        for cell in comparison.of(architecture):
            of_cell = shares.get((architecture, cell.condition), ({}, {}))
            for flat, (kind, bounds) in ranges(tables.study_data, cell.condition).items():
                chosen = setting(cell.chosen[flat]) if flat in cell.chosen else NOTHING
                numeric = kind != "choice" and flat in cell.chosen
                end = ends.get((architecture, cell.condition, flat), "inside" if numeric else NOTHING)
                told = [_share(shared, flat) for shared in of_cell]
                rows.append((cell.condition, _name(flat), *told, chosen, _range(kind, bounds), end))
        groups[architecture] = rows
    return Sheet(
        name="settings",
        title=QUESTION,
        columns=folding("condition", "setting", "importance, %", "among the best, %", "chosen", "range", "where in it"),
        groups=groups,
        notes=(NOTE, *((ADAPTIVE,) if _is_adaptive(tables) else ())),
    )


def _is_adaptive(tables: Tables) -> bool:
    search = tables.study_data.get("search", {})
    return search.get("algorithm") in SAMPLED or stops_early(search.get("early_stopping", {}).get("name", "none"))


def _share(shares: Mapping[str, float], flat: str) -> str:
    return Written(f"{100 * shares[flat]:.0f}", 100 * shares[flat]) if flat in shares else NOTHING


def _range(kind: str, bounds: Sequence[Any]) -> str:
    if kind == "choice":
        return ", ".join(map(setting, bounds))
    low, high = bounds
    told = f"{setting(low)} to {setting(high)}" + (", log" if kind == "log_uniform" else "")
    return Written(told, math.nan, (low, high))
