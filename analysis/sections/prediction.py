"""Whether spectra predict performance: which measure, how early, orders trials by how they end."""

import math
from collections.abc import Sequence

from matplotlib.figure import Figure

from analysis.findings.predictors import OUTCOMES, Prediction, predictions
from analysis.notation import count, listed, several, spanned
from analysis.plots import When, correlations_figure
from analysis.plots.picture import picture
from analysis.sections.section import Section
from analysis.stats import Estimate
from analysis.tables.measures import LAYERS, ORDINARY
from analysis.tables.table import Tables
from analysis.words.described import Reading, reading
from analysis.words.vocabulary import called, meaning
from tuning import records
from tuning.sheets.sheet import Sheet, folding
from tuning.sheets.written import NOTHING

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

FEW = 4
"""Architectures up to which the table tells of each by itself."""

POOLED = "pooled"
"""The picture's last column."""

READING = (
    "Hundredths of Kendall's τ within architectures: over the pairs of trials of one architecture, so that a measure "
    "that merely knows the architecture has none. Bold: the interval leaves out zero. Italics: no evidence of "
    "prediction. Epoch 0 is before the first step: what orders trials there is a property of the architecture, of what "
    f"a seed draws, or of how a condition begins. The column “{POOLED}” is of the last epoch, over the pairs of all "
    "architectures. Below "
    "the line: what anyone looks at anyway. What is constant on every architecture has no cell."
)


def prediction(tables: Tables) -> Section:
    """Say which measures order trials by their outcome, and how early.

    Args:
        tables: the study's.

    Returns:
        The section.
    """
    found = [one for one in predictions(tables) if one.trials >= FEWEST]
    found = [one for one in found if one.pooled.n >= FEWEST_DRAWS]
    if not found:
        few = (
            f"An order of trials needs {FEWEST} that completed and differ, of {FEWEST_DRAWS} draws: too few are there."
        )
        return Section(question=QUESTION, said=(few,))
    outcomes = [outcome for outcome in OUTCOMES if any(one.outcome == outcome for one in found)]
    title = (
        "How well each measure orders the trials of an architecture by how they end, by the epoch at which it was taken"
    )
    return Section(
        question=QUESTION,
        said=tuple([*(_said([one for one in found if one.outcome == outcome]) for outcome in outcomes), _runs(found)]),
        picture=picture("prediction", title, _figure(found, outcomes, title)),
        reading=READING,
        terms={called(measure): told for measure in _drawn(found) if (told := meaning(measure))},
        sheet=_sheet(found, outcomes),
    )


def _said(found: Sequence[Prediction]) -> str:
    """Count the spectral measures that say something within architectures, and name those that merely know them."""
    spectral = [one for one in found if one.measure not in ORDINARY]
    last = [one for one in spectral if one.last and not one.before_training]
    early = [one for one in spectral if one.epoch == _early(found)]
    of = f"{called(found[0].outcome)}, {count(max(one.trials for one in found), 'trial')}, within architectures"
    if not (speaking := _speaking(last)):
        said = f"No relation seen with {of}: at the last epoch no interval of {count(len(last), 'spectral measure')} "
        said += "leaves out zero"
    else:
        said = (
            f"Related to {of}: at the last epoch the intervals of {len(speaking)} of {len(last)} spectral measures "
            f"leave out zero ({_names(speaking)}); of so many, about {len(last) / 20:.1f} would by chance"
        )
    if last and last[0].epoch != _early(found):
        said += f"; after epoch {_early(found)} those of {len(_speaking(early))} of {len(early)} leave it out"
    before = [one for one in spectral if one.before_training]
    return " ".join([f"{said}.", *_of_draws(speaking), *_of_architectures(last), *_before(before), *_anyway(found)])


def _of_draws(speaking: Sequence[Prediction]) -> list[str]:
    """Say which of the measures that speak tell runs of one cell apart, too."""
    if not any(_defined(one.of_draw) for one in speaking):
        return []
    also = [one for one in speaking if _sign(one.of_draw) == _sign(one.within)]
    told = f"{len(also)} of these ({_names(also)})" if also else "none of these"
    return [f"Within conditions too, where nothing but the draw differs, {told}."]


def _of_architectures(last: Sequence[Prediction]) -> list[str]:
    """Name what speaks where architectures are pooled and not within them, or there the other way."""
    merely = [one for one in last if _sign(one.pooled) and not _sign(one.within)]
    turned = [one for one in last if _sign(one.pooled) * _sign(one.within) < 0]
    said = []
    if merely:
        said.append(
            f"No prediction: {count(len(merely), 'more measure')} would leave out zero if architectures were pooled "
            f"({_names(merely)}), which tells architectures apart, not trials."
        )
    if turned:
        said.append(f"Pooling turns the sign round of {_names(turned)}.")
    return said


def _before(before: Sequence[Prediction]) -> list[str]:
    """Say what speaks before there is any training to speak of."""
    already = [one for one in before if _sign(one.pooled) or _sign(one.within)]
    if not already:
        return []
    pooled = sum(not _sign(one.within) for one in already)
    compared = any(len(one.of_architecture) > 1 for one in before)
    return [
        f"Before the first step, when nothing is learned yet, {len(already)} of {len(before)} order trials already "
        f"({_names(already)}){f', {pooled} of them only where architectures are pooled' if pooled else ''}: properties "
        f"of {'the architecture, of ' if compared else ''}what a seed draws, or of how a condition begins, and no "
        "prediction."
    ]


def _anyway(found: Sequence[Prediction]) -> list[str]:
    """Set the ordinary measures beside them: a spectral one is of use where it says more."""
    last = [one for one in found if one.last and one.measure in ORDINARY and _defined(one.within)]
    told = listed([f"{called(one.measure)} {_estimate(one.within)}" for one in last]) if last else ""
    return [f"What anyone looks at anyway, at the last epoch: {told}."] if told else []


def _speaking(found: Sequence[Prediction]) -> list[Prediction]:
    return [one for one in found if _sign(one.within)]


def _sign(estimate: Estimate) -> int:
    """Return on which side of zero an interval lies, 0 where it holds it or has no bounds."""
    return {Reading.HIGHER: 1, Reading.LOWER: -1}.get(reading(estimate), 0)


def _names(found: Sequence[Prediction]) -> str:
    return several([called(one.measure) for one in found])


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
        within = {(one.measure, str(one.epoch)): one.within for one in mine if _defined(one.within)}
        panels[heading] = within | {(one.measure, POOLED): one.pooled for one in mine if one.last}
    columns = [When(name=str(epoch), judged=epoch > 0) for epoch in sorted({one.epoch for one in found})]
    ordinary = sum(measure in ORDINARY for measure in measures)
    names = {each: called(each) for each in measures}
    return correlations_figure(panels, names, [*columns, When(name=POOLED, judged=False)], title, ordinary)


def _sheet(found: Sequence[Prediction], outcomes: Sequence[str]) -> Sheet:
    early, last = _early(found), max(one.epoch for one in found)
    architectures = list(dict.fromkeys(name for one in found for name in one.of_architecture))
    each = architectures if 1 < len(architectures) <= FEW else []
    by_place = {(one.outcome, one.measure, one.epoch): one for one in found}
    groups = {}
    for outcome in outcomes:
        rows = []
        for measure in TABLED:
            first, end = (by_place.get((outcome, measure, epoch)) for epoch in (early, last))
            if first or end:
                rows.append((called(measure), *([_within(first)] * (early != last)), *_texts(end, each)))
        groups[called(outcome)] = rows
    return Sheet(
        name="prediction",
        title=QUESTION,
        columns=folding(
            "measure",
            *([f"within architectures, epoch {early}"] * (early != last)),
            f"within architectures, epoch {last}",
            *(f"within {name}" for name in each),
            "condition alone",
            "within conditions (draw alone)",
            "architecture alone",
            "pooled",
        ),
        groups=groups,
        notes=(
            "Kendall's τ, 95% intervals. Within architectures: over pairs of trials of one architecture, the evidence; "
            f"the columns after it are of epoch {last}, too. Condition, draw, architecture alone: mean over groups of "
            "trials that differ in nothing else (granulated; Jiang et al. 2020). Pooled: over all pairs, large for "
            "whatever merely knows the architecture. Intervals: Student's t around a bootstrap that resamples trials "
            "of one draw together. The measures of this table were chosen beforehand; all are in the picture.",
        ),
        grouped_by="outcome",
    )


def _within(one: Prediction | None) -> str:
    return NOTHING if one is None else _estimate(one.within)


def _texts(one: Prediction | None, architectures: Sequence[str]) -> list[str]:
    """Write out one measure at the last epoch: within, by factor, and pooled last."""
    if one is None:
        return [NOTHING] * (5 + len(architectures))
    alone = [one.granulated.factors[name].psi for name in ("condition", "draw", "architecture")]
    apart = [_estimate(one.of_architecture[name]) if name in one.of_architecture else NOTHING for name in architectures]
    return [_estimate(one.within), *apart, *map(_estimate, (*alone, one.pooled))]


def _estimate(estimate: Estimate) -> str:
    return (
        spanned(estimate.value, estimate.low, estimate.high, sign=True, decimals=2) if _defined(estimate) else NOTHING
    )


def _defined(estimate: Estimate) -> bool:
    return not math.isnan(estimate.value)
