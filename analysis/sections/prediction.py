"""Whether spectra predict performance: which measure, how early, orders trials by how they end."""

import math
from collections.abc import Sequence

from matplotlib.figure import Figure

from analysis.measured import LAYERS, ORDINARY
from analysis.notation import NOTHING, count, listed, several, spanned
from analysis.plots import correlations_figure
from analysis.predictors import OUTCOMES, Prediction, predictions
from analysis.readings import Reading, reading
from analysis.sections.section import Section, picture
from analysis.sheets import Sheet
from analysis.stats import Estimate
from analysis.table import Tables
from analysis.vocabulary import called, meaning
from tuning import records

QUESTION = "Do spectra predict performance?"

FEWEST = 8
"""Trials below which an order of them says nothing."""

FEWEST_DRAWS = 3
"""Independent draws below which their spread is unknown."""

TABLED = (
    records.SPECTRAL_NORM_MAX,
    records.STABLE_RANK_MEAN,
    records.EFFECTIVE_RANK_MEAN,
    records.DISTANCE_MEAN,
    records.LIPSCHITZ_BOUND,
    LAYERS + "alpha",
    *ORDINARY,
)
"""Measures of the table, chosen before any was seen: the best of many is good by chance."""

READING = (
    "Hundredths of the granulated rank correlation: the mean over groups of trials that differ in the architecture, "
    "the condition or the draw alone. A measure that merely knows the "
    "architecture keeps that factor's share of it. Bold: the interval leaves out zero. Below the line: what anyone "
    "looks at anyway. What is constant over the trials has no cell."
)


def prediction(tables: Tables) -> Section:
    """Say which measures order trials by their outcome, and how early.

    Args:
        tables: the study's.

    Returns:
        The section.
    """
    found = [one for one in predictions(tables) if one.trials >= FEWEST]
    found = [one for one in found if one.tau.n >= FEWEST_DRAWS]
    if not found:
        few = (
            f"An order of trials needs {FEWEST} that completed and differ, of {FEWEST_DRAWS} draws: too few are there."
        )
        return Section(question=QUESTION, said=(few,))
    outcomes = [outcome for outcome in OUTCOMES if any(one.outcome == outcome for one in found)]
    title = "How well each measure orders trials by how they end, by the epoch at which it was taken"
    return Section(
        question=QUESTION,
        said=tuple([*(_said([one for one in found if one.outcome == outcome]) for outcome in outcomes), _runs(found)]),
        picture=picture("prediction", title, _figure(found, outcomes, title)),
        reading=READING,
        terms={called(measure): told for measure in _drawn(found) if (told := meaning(measure))},
        sheet=_sheet(found, outcomes),
    )


def _said(found: Sequence[Prediction]) -> str:
    """Count the spectral measures that say something at the end, and after the first epoch."""
    last = [one for one in found if one.last and one.measure not in ORDINARY]
    early = [one for one in found if one.epoch == _early(found) and one.measure not in ORDINARY]
    of = f"{called(found[0].outcome)}, {count(max(one.trials for one in found), 'trial')}"
    if not (speaking := _speaking(last)):
        said = f"No relation seen with {of}: at the last epoch all {len(last)} spectral measures' intervals hold zero"
    else:
        said = (
            f"Related to {of}: at the last epoch the intervals of {len(speaking)} of {len(last)} spectral measures "
            f"leave out zero ({several(speaking)}); of so many, about {len(last) / 20:.1f} would by chance"
        )
    at = f"after epoch {_early(found)} those of {len(_speaking(early))} of {len(early)} leave it out"
    said = f"{said}." if last and last[0].epoch == _early(found) else f"{said}; {at}."
    return f"{said}{_anyway(found)}"


def _anyway(found: Sequence[Prediction]) -> str:
    """Set the ordinary measures beside them: a spectral one is of use where it says more."""
    last = [one for one in found if one.last and one.measure in ORDINARY and _defined(one.granulated.psi)]
    told = listed([f"{called(one.measure)} {_estimate(one.granulated.psi)}" for one in last]) if last else ""
    return f" What anyone looks at anyway, at the last epoch: {told}." if told else ""


def _speaking(found: Sequence[Prediction]) -> list[str]:
    apart = (Reading.HIGHER, Reading.LOWER)
    return [called(one.measure) for one in found if reading(one.granulated.psi) in apart]


def _early(found: Sequence[Prediction]) -> int:
    """Return the first epoch after which there is something to correlate."""
    return min((one.epoch for one in found if one.epoch > 0), default=0)


def _runs(found: Sequence[Prediction]) -> str:
    """Say which runs these are."""
    said = (
        "Which runs: those that trained for all their epochs. Test accuracy is of confirmation runs alone, for the "
        "search never reads test data; validation accuracy and generalization gap (training less validation) are of "
        "those and of the search. Runs at the baseline's learning rate or without a factor are in none."
    )
    tested = any(one.outcome == records.TEST_ACCURACY for one in found)
    return (
        said if tested else said + f" Fewer than {FEWEST} confirmation runs, or {FEWEST_DRAWS} seeds: no test accuracy."
    )


def _drawn(found: Sequence[Prediction]) -> list[str]:
    """Return the measures in the order of the picture's rows: what anyone looks at anyway last."""
    there = dict.fromkeys(one.measure for one in found)
    return [measure for measure in there if measure not in ORDINARY] + [one for one in ORDINARY if one in there]


def _figure(found: Sequence[Prediction], outcomes: Sequence[str], title: str) -> Figure:
    measures = _drawn(found)
    panels = {}
    for outcome in outcomes:
        mine = [one for one in found if one.outcome == outcome]
        heading = f"{called(outcome)}, {count(max(one.trials for one in mine), 'trial')}"
        panels[heading] = {(one.measure, one.epoch): one.granulated.psi for one in mine if _defined(one.granulated.psi)}
    epochs = sorted({one.epoch for one in found})
    ordinary = sum(measure in ORDINARY for measure in measures)
    return correlations_figure(panels, {each: called(each) for each in measures}, epochs, title, ordinary)


def _sheet(found: Sequence[Prediction], outcomes: Sequence[str]) -> Sheet:
    early, last = _early(found), max(one.epoch for one in found)
    epochs = list(dict.fromkeys((early, last)))
    by_place = {(one.outcome, one.measure, one.epoch): one for one in found}
    blocks = {}
    for outcome in outcomes:
        rows = []
        for measure in TABLED:
            mine = [by_place.get((outcome, measure, epoch)) for epoch in epochs]
            if any(mine):
                rows.append((called(measure), *(text for one in mine for text in _texts(one))))
        blocks[called(outcome)] = rows
    return Sheet(
        name="prediction",
        title=QUESTION,
        headings=(
            "measure",
            *(text for epoch in epochs for text in (f"τ, epoch {epoch}", f"granulated, epoch {epoch}")),
        ),
        blocks=blocks,
        notes=(
            "Kendall's τ over all trials, which is large for whatever merely knows the architecture, and the "
            "granulated one. 95% intervals: Student's t around a bootstrap that resamples trials of one draw together. "
            "The measures of this table were chosen beforehand; all are in the picture.",
        ),
        of="outcome",
    )


def _texts(one: Prediction | None) -> tuple[str, str]:
    return (NOTHING, NOTHING) if one is None else (_estimate(one.tau), _estimate(one.granulated.psi))


def _estimate(estimate: Estimate) -> str:
    return (
        spanned(estimate.value, estimate.low, estimate.high, sign=True, decimals=2) if _defined(estimate) else NOTHING
    )


def _defined(estimate: Estimate) -> bool:
    return not math.isnan(estimate.value)
