"""Whether spectra predict performance: every measure, at every looked-at epoch, against how trials ended."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from analysis.stats import Estimate, FloatArray, Granulated, granulated_taus, kendall_taus
from analysis.tables.measures import measured, measured_epochs
from analysis.tables.runs import completed
from analysis.tables.study_queries import ranges
from analysis.tables.study_tables import PARAM, Tables
from tuning import records
from tuning.records import Phase

OUTCOMES = (records.TEST_ACCURACY, records.VAL_ACCURACY, records.GAP_ACCURACY)
"""What is predicted, after the last epoch: test accuracy of confirmation runs, the others of all."""

DRAWS = 2_000
"""Resamples: there are hundreds of intervals, of which none is decided by its third digit."""


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """How well one measure at one epoch orders trials by one outcome.

    Attributes:
        measure: a column of `analysis.tables.measures.measured`.
        outcome: one of `OUTCOMES`.
        epoch: at whose end it was measured; 0 is before the first step.
        last: whether that is the last epoch.
        trials: that have both.
        within: Kendall's τ over the pairs of trials of one architecture: the evidence that a measure predicts.
        of_architecture: the same of each architecture by itself, in the study's order.
        granulated: within groups that differ in the architecture, the condition or the draw alone.
        pooled: Kendall's τ over all pairs, which is large for whatever merely knows the architecture.
    """

    measure: str
    outcome: str
    epoch: int
    last: bool
    trials: int
    within: Estimate
    of_architecture: Mapping[str, Estimate]
    granulated: Granulated
    pooled: Estimate

    @property
    def of_draw(self) -> Estimate:
        """Within architecture and condition: over groups of trials that differ in the draw alone."""
        return self.granulated.factors["draw"].psi

    @property
    def before_training(self) -> bool:
        """Whether it was measured before the first step: no training is known then, but what is to be trained is."""
        return self.epoch == 0


def predictions(tables: Tables) -> tuple[Prediction, ...]:
    """Correlate every measure with every outcome, over all trials that were trained for all their epochs.

    Trials of several conditions share a draw: the number of the trial, from which its seed is derived, and in the
    search also the settings that all conditions search. In the confirmation each cell has settings of its own, which
    count as part of the condition. Trials of one number are resampled together.

    Args:
        tables: the study's.

    Returns:
        In the order of outcome, measure and epoch; what is constant over the trials predicts nothing and is left
        out.
    """
    runs = tables.runs
    done = completed(runs[runs["phase"].isin([Phase.TUNE, Phase.CONFIRM])])
    epochs = looked_at(measured_epochs(tables, list(done.index)))
    measures = measured(tables, list(done.index), epochs)
    by_epoch = {epoch: measures.xs(epoch, level="epoch") for epoch in epochs}
    draws = _draws(tables, done)
    found = []
    for outcome in OUTCOMES:
        ended = done[done["phase"] == Phase.CONFIRM] if outcome == records.TEST_ACCURACY else done
        places = [(measure, epoch) for measure in measures.columns for epoch in epochs]
        values = [by_epoch[epoch][measure].reindex(ended.index).to_numpy(np.float64) for measure, epoch in places]
        if not values:
            continue
        correlated = _predictions(outcome, places, np.stack(values), ended, draws[ended.index].to_list())
        found += [
            prediction
            for prediction in correlated
            if not (np.isnan(prediction.pooled.value) or (prediction.measure == outcome and prediction.last))
        ]
    return tuple(found)


def looked_at(epochs: Iterable[int]) -> tuple[int, ...]:
    """Choose the epochs at which measures are correlated: the first measured, powers of two, the last.

    Args:
        epochs: those that were measured, in any order.

    Returns:
        Ascending.

    Example:
        >>> looked_at(range(11))
        (0, 1, 2, 4, 8, 10)
    """
    there = sorted({int(epoch) for epoch in epochs})
    return tuple(epoch for epoch in there if epoch in {there[0], there[-1]} or (epoch > 0 and epoch & (epoch - 1) == 0))


def _predictions(
    outcome: str, places: Sequence[tuple[str, int]], values: FloatArray, ended: pd.DataFrame, draws: list[str]
) -> list[Prediction]:
    """Correlate measures with one outcome.

    Args:
        outcome: its name.
        places: measures and epochs.
        values: of each of them, shape ``(places, trials)``.
        ended: the trials.
        draws: each trial's.
    """
    y = ended[outcome].to_numpy(np.float64)
    numbers = _numbers(ended).to_list()
    factors = {
        "architecture": ended["architecture"].to_list(),
        "condition": ended["condition"].to_list(),
        "draw": draws,
    }
    pooled = kendall_taus(values, y, units=numbers, draws=DRAWS)
    within, of_architecture = _within_architectures(values, y, numbers, ended["architecture"], pooled)
    columns = zip(
        places,
        (~(np.isnan(values) | np.isnan(y))).sum(axis=1),
        within,
        of_architecture,
        granulated_taus(values, y, factors, units=numbers, draws=DRAWS),
        pooled,
        strict=True,
    )
    last = max(epoch for _, epoch in places)
    return [
        Prediction(
            measure=measure,
            outcome=outcome,
            epoch=epoch,
            last=epoch == last,
            trials=int(there),
            within=within,
            of_architecture=of_architecture,
            granulated=granulated,
            pooled=pooled,
        )
        for (measure, epoch), there, within, of_architecture, granulated, pooled in columns
    ]


def _within_architectures(
    values: FloatArray,
    outcome: FloatArray,
    numbers: Sequence[str],
    architecture: "pd.Series[str]",
    pooled: Sequence[Estimate],
) -> tuple[Sequence[Estimate], list[dict[str, Estimate]]]:
    """Correlate measures with the outcome over pairs of one architecture: of all together, and of each by itself.

    Returns:
        Two, one entry a measure each, the second by the architecture's name. Of a single architecture both are what
        pools all pairs, and are not computed once more.
    """
    places = {str(name): np.flatnonzero(architecture == name) for name in architecture.cat.categories}
    there = {name: trials for name, trials in places.items() if len(trials)}
    taus = partial(kendall_taus, draws=DRAWS)
    if len(there) == 1:
        return pooled, [dict.fromkeys(there, prediction) for prediction in pooled]
    by_architecture = {
        name: taus(values[:, trials], outcome[trials], units=[numbers[int(place)] for place in trials])
        for name, trials in there.items()
    }
    within = taus(values, outcome, units=numbers, strata=architecture.to_list())
    return within, [{name: found[place] for name, found in by_architecture.items()} for place in range(len(values))]


def _numbers(runs: pd.DataFrame) -> "pd.Series[str]":
    """Name what is drawn once for all cells: the trial's number in its phase."""
    return runs["phase"].astype(str) + "/" + runs["seed"].astype(str)


def _draws(tables: Tables, runs: pd.DataFrame) -> "pd.Series[str]":
    """Name each trial's draw: its number, and in the search the values of the settings that are not the condition's."""
    searchable = {
        name for condition in runs["condition"].cat.categories for name in ranges(tables.study_data, condition)
    }
    shared = [
        PARAM + name for name in sorted(searchable) if not name.startswith("regularizer.") and PARAM + name in runs
    ]
    found = _numbers(runs)
    searched = runs["phase"] == Phase.TUNE
    for name in shared:
        found = found.where(~searched, found + "/" + runs[name].astype(str))
    return found
