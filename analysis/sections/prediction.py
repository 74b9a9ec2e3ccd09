"""Whether spectra predict performance: which measure, how early, orders trials by how they end."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from analysis.findings.predictors import OUTCOMES, Prediction, predictions
from analysis.findings.related import FEWEST, FEWEST_DRAWS, Related, defined, early_epoch, related, supported
from analysis.notation import count, listed, several, spanned
from analysis.plots import When, correlations_figure
from analysis.plots.picture import picture
from analysis.sections.section import Section
from analysis.stats import Estimate
from analysis.tables.measures import LAYERS, ORDINARY
from analysis.tables.study_tables import Tables
from analysis.words.vocabulary import called, meaning
from tuning import records
from tuning.sheets.sheet import Sheet, folding
from tuning.sheets.written import NOTHING

QUESTION = "Do spectra predict performance?"

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

CAPTION = (
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
    found = supported(predictions(tables))
    if not found:
        few = (
            f"An order of trials needs {FEWEST} that completed and differ, of {FEWEST_DRAWS} draws: too few are there."
        )
        return Section(question=QUESTION, said=(few,))
    outcomes = [outcome for outcome in OUTCOMES if any(prediction.outcome == outcome for prediction in found)]
    title = (
        "How well each measure orders the trials of an architecture by how they end, by the epoch at which it was taken"
    )
    return Section(
        question=QUESTION,
        said=tuple([
            *(
                _said(related([prediction for prediction in found if prediction.outcome == outcome]))
                for outcome in outcomes
            ),
            _runs(found),
        ]),
        picture=picture("prediction", title, _figure(found, outcomes, title)),
        caption=CAPTION,
        terms={called(measure): told for measure in _drawn(found) if (told := meaning(measure))},
        sheet=_sheet(found, outcomes),
    )


def _said(found: Related) -> str:
    """Count the spectral measures that say something within architectures, and name those that merely know them."""
    of = f"{called(found.outcome)}, {count(found.trials, 'trial')}, within architectures"
    last, speaking = found.last, found.speaking
    if not speaking:
        said = f"No relation seen with {of}: at the last epoch no interval of {count(len(last), 'spectral measure')} "
        said += "leaves out zero"
    else:
        said = (
            f"Related to {of}: at the last epoch the intervals of {len(speaking)} of {len(last)} spectral measures "
            f"leave out zero ({_names(speaking)}); of so many, about {len(last) / 20:.1f} would by chance"
        )
    if last and last[0].epoch != found.early:
        said += (
            f"; after epoch {found.early} those of {len(found.speaking_early)} of {len(found.at_early)} leave it out"
        )
    return " ".join([f"{said}.", *_of_draws(found), *_of_architectures(found), *_before(found), *_anyway(found)])


def _of_draws(found: Related) -> list[str]:
    """Say which of the measures that speak tell runs of one cell apart, too."""
    also = found.also_by_draw
    if also is None:
        return []
    told = f"{len(also)} of these ({_names(also)})" if also else "none of these"
    return [f"Within conditions too, where nothing but the draw differs, {told}."]


def _of_architectures(found: Related) -> list[str]:
    """Name what speaks where architectures are pooled and not within them, or there the other way."""
    said = []
    if found.merely:
        said.append(
            f"No prediction: {count(len(found.merely), 'more measure')} would leave out zero if architectures were "
            f"pooled ({_names(found.merely)}), which tells architectures apart, not trials."
        )
    if found.turned:
        said.append(f"Pooling turns the sign round of {_names(found.turned)}.")
    return said


def _before(found: Related) -> list[str]:
    """Say what speaks before there is any training to speak of."""
    already, pooled = found.already, found.only_pooled
    if not already:
        return []
    compared = any(len(prediction.of_architecture) > 1 for prediction in found.before)
    return [
        f"Before the first step, when nothing is learned yet, {len(already)} of {len(found.before)} order trials "
        f"already ({_names(already)}){f', {pooled} of them only where architectures are pooled' if pooled else ''}: "
        f"properties of {'the architecture, of ' if compared else ''}what a seed draws, or of how a condition begins, "
        "and no prediction."
    ]


def _anyway(found: Related) -> list[str]:
    """Set the ordinary measures beside them: a spectral one is of use where it says more."""
    told = [f"{called(prediction.measure)} {_estimate(prediction.within)}" for prediction in found.anyway]
    return [f"What anyone looks at anyway, at the last epoch: {listed(told)}."] if told else []


def _names(found: Sequence[Prediction]) -> str:
    return several([called(prediction.measure) for prediction in found])


def _runs(found: Sequence[Prediction]) -> str:
    """Say which runs these are."""
    said = (
        "Which runs: those that trained for all their epochs. Test accuracy is of confirmation runs alone, for the "
        "search never reads test data; validation accuracy and generalization gap (training less validation) are of "
        "those and of the search. Runs at the baseline's learning rate or without a factor are in none."
    )
    tested = any(prediction.outcome == records.TEST_ACCURACY for prediction in found)
    return (
        said if tested else said + f" Fewer than {FEWEST} confirmation runs, or {FEWEST_DRAWS} seeds: no test accuracy."
    )


def _drawn(found: Sequence[Prediction]) -> list[str]:
    """Return the measures in the order of the picture's rows: what anyone looks at anyway last."""
    there = dict.fromkeys(prediction.measure for prediction in found)
    return [measure for measure in there if measure not in ORDINARY] + [
        ordinary for ordinary in ORDINARY if ordinary in there
    ]


def _figure(found: Sequence[Prediction], outcomes: Sequence[str], title: str) -> Figure:
    measures = _drawn(found)
    panels = {}
    for outcome in outcomes:
        predictions = [prediction for prediction in found if prediction.outcome == outcome]
        heading = f"{called(outcome)}, {count(max(prediction.trials for prediction in predictions), 'trial')}"
        within = {
            (prediction.measure, str(prediction.epoch)): prediction.within
            for prediction in predictions
            if defined(prediction.within)
        }
        panels[heading] = within | {
            (prediction.measure, POOLED): prediction.pooled for prediction in predictions if prediction.last
        }
    columns = [When(name=str(epoch), judged=epoch > 0) for epoch in sorted({prediction.epoch for prediction in found})]
    ordinary = sum(measure in ORDINARY for measure in measures)
    names = {measure: called(measure) for measure in measures}
    return correlations_figure(panels, names, [*columns, When(name=POOLED, judged=False)], title, ordinary)


def _sheet(found: Sequence[Prediction], outcomes: Sequence[str]) -> Sheet:
    early, last = early_epoch(found), max(prediction.epoch for prediction in found)
    architectures = list(dict.fromkeys(name for prediction in found for name in prediction.of_architecture))
    shown = architectures if 1 < len(architectures) <= FEW else []
    by_place = {(prediction.outcome, prediction.measure, prediction.epoch): prediction for prediction in found}
    groups = {}
    for outcome in outcomes:
        rows = []
        for measure in TABLED:
            first, end = (by_place.get((outcome, measure, epoch)) for epoch in (early, last))
            if first or end:
                rows.append((called(measure), *([_within(first)] * (early != last)), *_texts(end, shown)))
        groups[called(outcome)] = rows
    return Sheet(
        name="prediction",
        title=QUESTION,
        columns=folding(
            "measure",
            *([f"within architectures, epoch {early}"] * (early != last)),
            f"within architectures, epoch {last}",
            *(f"within {name}" for name in shown),
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


def _within(prediction: Prediction | None) -> str:
    return NOTHING if prediction is None else _estimate(prediction.within)


def _texts(prediction: Prediction | None, architectures: Sequence[str]) -> list[str]:
    """Write out one measure at the last epoch: within, by factor, and pooled last."""
    if prediction is None:
        return [NOTHING] * (5 + len(architectures))
    alone = [prediction.granulated.factors[name].psi for name in ("condition", "draw", "architecture")]
    apart = [
        _estimate(prediction.of_architecture[name]) if name in prediction.of_architecture else NOTHING
        for name in architectures
    ]
    return [_estimate(prediction.within), *apart, *map(_estimate, (*alone, prediction.pooled))]


def _estimate(estimate: Estimate) -> str:
    return spanned(estimate.value, estimate.low, estimate.high, sign=True, decimals=2) if defined(estimate) else NOTHING
