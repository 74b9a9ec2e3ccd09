"""How the singular values of a cell's weights are distributed, epoch by epoch."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from analysis.stats import FloatArray, IntArray
from analysis.tables.runs import cells, confirmed_runs
from analysis.tables.study_tables import Tables
from analysis.tables.vectors import vectors

BINS = 60
"""Rows of a picture: as fine as a panel shows, coarse enough for the few values of a small network."""

TAIL = 1.0
"""Percent of an epoch's values that may lie below the lowest bin: a few stragglers would squeeze the rest."""

DEPTH = 1e-6
"""The lowest bin lies no deeper than this share of the largest value: float32 cannot tell less from zero."""


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """All singular values of one cell's confirmation runs by epoch.

    Attributes:
        architecture: its name.
        condition: its name.
        view: the linear map each weight is seen as.
        epochs: those whose vectors were kept, ascending, shape ``(epochs,)``.
        epoch_edges: halfway between neighbouring epochs, shape ``(epochs + 1,)``.
        edges: of the bins, ascending and equally spaced in the logarithm, shape ``(bins + 1,)``; the same for
            every condition of an architecture, so that their pictures compare. Smaller values count in the
            lowest bin.
        share: share of an epoch's values in each bin, shape ``(bins, epochs)``; each column sums to one.
        median: of a run's values, averaged over the runs, shape ``(epochs,)``.
        largest: the largest value of each run, averaged over the runs, shape ``(epochs,)``.
    """

    architecture: str
    condition: str
    view: str
    epochs: IntArray
    epoch_edges: FloatArray
    edges: FloatArray
    share: FloatArray
    median: FloatArray
    largest: FloatArray


@dataclass(frozen=True, kw_only=True)
class _Summary:
    """What one run's values were at one epoch, in a few numbers."""

    low: float
    median: float
    largest: float


@dataclass(frozen=True, kw_only=True)
class _Cell:
    """One condition's confirmation runs, and what their values were by epoch."""

    condition: str
    run_ids: list[str]
    by_epoch: dict[int, list[_Summary]] = field(default_factory=lambda: defaultdict(list))


def distributions(tables: Tables, view: str = "flat") -> tuple[Distribution, ...]:
    """Compute the distribution of all singular values of all weights, for every cell and measured epoch.

    The files are read twice, once for what the bins must span and once to count, so that memory holds one epoch of
    one run at a time: the vectors of an architecture may be larger than it.

    Args:
        tables: the study's.
        view: the linear map a weight is seen as; spectra of different views do not compare.

    Returns:
        One for each cell whose confirmation runs stored spectra, in the study's order.
    """
    found: list[Distribution] = []
    for architecture in tables.runs["architecture"].cat.categories:
        pairs = [condition for name, condition in cells(tables) if name == architecture]
        summed = [_summed(tables, architecture, condition, view) for condition in pairs]
        summed = [cell for cell in summed if cell.by_epoch]
        if summed:
            edges = _edges(summary for cell in summed for runs in cell.by_epoch.values() for summary in runs)
            found += [_distribution(tables, architecture, cell, view, edges) for cell in summed]
    return tuple(found)


def _summed(tables: Tables, architecture: str, condition: str, view: str) -> _Cell:
    cell = _Cell(condition=condition, run_ids=list(confirmed_runs(tables, architecture, condition).index))
    for _, epoch, values in vectors(tables, cell.run_ids, view):
        low, median = np.percentile(values, [TAIL, 50.0])
        cell.by_epoch[epoch].append(_Summary(low=float(low), median=float(median), largest=float(values.max())))
    return cell


def _edges(summaries: Iterable[_Summary]) -> FloatArray:
    """Space the bins from the lowest percentile of any run and epoch to the largest value of all."""
    low, high = np.inf, 0.0
    for summary in summaries:
        high = max(high, summary.largest)
        low = min(low, summary.low)
    if high <= 0.0:
        high = 1.0  # every weight is zero
    low = max(low, DEPTH * high)
    margin = (high / low) ** 0.03 * 1.01
    return np.geomspace(low / margin, high * margin, BINS + 1)


def _distribution(tables: Tables, architecture: str, cell: _Cell, view: str, edges: FloatArray) -> Distribution:
    counts = {epoch: np.zeros(BINS) for epoch in sorted(cell.by_epoch)}
    for _, epoch, values in vectors(tables, cell.run_ids, view):
        counts[epoch] += np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]
    epochs = np.array(list(counts), dtype=np.int64)
    runs = [cell.by_epoch[epoch] for epoch in counts]
    inner = (epochs[1:] + epochs[:-1]) / 2
    return Distribution(
        architecture=architecture,
        condition=cell.condition,
        view=view,
        epochs=epochs,
        epoch_edges=np.concatenate([[epochs[0] - 0.5], inner, [epochs[-1] + 0.5]]),
        edges=edges,
        share=np.array([row / row.sum() for row in counts.values()]).T,
        median=np.clip([np.mean([summary.median for summary in of_run]) for of_run in runs], edges[0], edges[-1]),
        largest=np.clip([np.mean([summary.largest for summary in of_run]) for of_run in runs], edges[0], edges[-1]),
    )
