"""How the singular values of a cell's weights are distributed, epoch by epoch."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from analysis.curves import cells, confirmed_runs
from analysis.stats import FloatArray, IntArray
from analysis.table import Tables
from tuning import records

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
        epochs: those measured, ascending, shape ``(epochs,)``.
        epoch_edges: halfway between neighbouring epochs, shape ``(epochs + 1,)``.
        edges: of the bins, ascending and equally spaced in the logarithm, shape ``(bins + 1,)``; the same for
            every condition of an architecture, so that their pictures compare. Smaller values count in the
            lowest bin.
        share: share of an epoch's values in each bin, shape ``(bins, epochs)``; each column sums to one.
        median: of an epoch's values, shape ``(epochs,)``.
        largest: the largest value of each run, averaged over the runs, shape ``(epochs,)``.
    """

    architecture: str
    condition: str
    epochs: IntArray
    epoch_edges: FloatArray
    edges: FloatArray
    share: FloatArray
    median: FloatArray
    largest: FloatArray


@dataclass(frozen=True, kw_only=True)
class _Values:
    """The values of one cell by epoch, one array a run."""

    condition: str
    by_epoch: dict[int, list[FloatArray]]


def distributions(tables: Tables, view: str = "flat") -> tuple[Distribution, ...]:
    """Compute the distribution of all singular values of all weights, for every cell and measured epoch.

    Args:
        tables: the study's.
        view: the linear map a weight is seen as; spectra of different views do not compare.

    Returns:
        One for each cell whose confirmation runs stored spectra, in the study's order.
    """
    found: list[Distribution] = []
    for architecture in tables.runs["architecture"].cat.categories:
        pairs = [condition for name, condition in cells(tables) if name == architecture]
        values = [_read(tables, architecture, condition, view) for condition in pairs]
        values = [cell for cell in values if cell.by_epoch]
        if values:
            edges = _edges(array for cell in values for arrays in cell.by_epoch.values() for array in arrays)
            found += [_distribution(architecture, cell, edges) for cell in values]
    return tuple(found)


def _read(tables: Tables, architecture: str, condition: str, view: str) -> _Values:
    by_epoch: dict[int, list[FloatArray]] = {}
    ids = confirmed_runs(tables, architecture, condition).index
    for _, rows in tables.rows(records.SPECTRA_FILE, ids, view=view, columns=["epoch", "value"]):
        epochs, values = rows["epoch"].to_numpy(), rows["value"].to_numpy()
        order = np.argsort(epochs, kind="stable")
        distinct, starts = np.unique(epochs[order], return_index=True)
        for epoch, part in zip(distinct, np.split(values[order], starts[1:]), strict=True):
            by_epoch.setdefault(int(epoch), []).append(part)
    return _Values(condition=condition, by_epoch=dict(sorted(by_epoch.items())))


def _edges(arrays: Iterable[FloatArray]) -> FloatArray:
    """Space the bins from the lowest percentile of any run and epoch to the largest value of all."""
    low, high = np.inf, 0.0
    for array in arrays:
        high = max(high, float(array.max()))
        low = min(low, float(np.percentile(array, TAIL)))
    if high <= 0.0:
        high = 1.0  # every weight is zero
    low = max(low, DEPTH * high)
    margin = (high / low) ** 0.03 * 1.01
    return np.geomspace(low / margin, high * margin, BINS + 1)


def _distribution(architecture: str, values: _Values, edges: FloatArray) -> Distribution:
    share, median, largest = [], [], []
    for arrays in values.by_epoch.values():
        joined = np.concatenate(arrays)
        counts, _ = np.histogram(np.clip(joined, edges[0], edges[-1]), edges)
        share.append(counts / len(joined))
        median.append(np.clip(np.median(joined), edges[0], edges[-1]))
        largest.append(np.clip(np.mean([array.max() for array in arrays]), edges[0], edges[-1]))
    epochs = np.array(list(values.by_epoch), dtype=np.int64)
    inner = (epochs[1:] + epochs[:-1]) / 2
    return Distribution(
        architecture=architecture,
        condition=values.condition,
        epochs=epochs,
        epoch_edges=np.concatenate([[epochs[0] - 0.5], inner, [epochs[-1] + 0.5]]),
        edges=edges,
        share=np.array(share).T,
        median=np.array(median),
        largest=np.array(largest),
    )
