"""How a cell's validation accuracy depends on each setting that was searched."""

from dataclasses import dataclass

import numpy as np

from analysis.stats import Band, FloatArray, IntArray, mean_band
from analysis.tables.runs import cells
from analysis.tables.study_queries import ranges
from analysis.tables.study_tables import PARAM, Tables
from analysis.tables.trials import FULL_BUDGET, SCORE, trials

MOST_PARTS = 8
"""Parts of a range at most; each is to hold four trials on average."""


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """Validation accuracy of one cell against one setting, the others varying as they were drawn.

    Attributes:
        architecture: its name.
        condition: its name.
        setting: flat name, ``"training.learning_rate"``.
        log: whether it was searched on a log scale.
        values: of the setting, one a trial of full budget, ascending, shape ``(trials,)``.
        scores: validation accuracy of the same trials, shares between 0 and 1; 0 where one diverged.
        edges: bounds of equal parts of the range in its own scale, ascending, shape ``(parts + 1,)``.
        band: mean and 95 % t-interval of the scores in each part, shape ``(parts,)``.
    """

    architecture: str
    condition: str
    setting: str
    log: bool
    values: FloatArray
    scores: FloatArray
    edges: FloatArray
    band: Band


def sensitivities(tables: Tables) -> tuple[Sensitivity, ...]:
    """Describe how each cell's score depends on each of its searched numbers.

    Args:
        tables: the study's.

    Returns:
        One a cell and searched setting, in the study's order; a choice among listed values is no number.
    """
    found = []
    for architecture, condition in cells(tables):
        finished = trials(tables, architecture, condition)
        finished = finished[finished[FULL_BUDGET]]
        for setting, (kind, bounds) in ranges(tables.study_data, condition).items():
            if kind == "choice" or finished.empty or PARAM + setting not in finished:
                continue
            ordered = finished.sort_values(PARAM + setting)
            values = ordered[PARAM + setting].to_numpy(np.float64)
            scores = ordered[SCORE].to_numpy(np.float64)
            log = kind == "log_uniform"
            edges = parts(float(bounds[0]), float(bounds[1]), len(values), log=log)
            found.append(
                Sensitivity(
                    architecture=architecture,
                    condition=condition,
                    setting=setting,
                    log=log,
                    values=values,
                    scores=scores,
                    edges=edges,
                    band=_banded(values, scores, edges),
                )
            )
    return tuple(found)


def parts(low: float, high: float, trials: int, *, log: bool) -> FloatArray:
    """Cut a range into equal parts.

    Args:
        low: the range's smallest value.
        high: its largest.
        trials: how many there are: one part for four of them, eight parts at most.
        log: whether equal ratios are equally far.

    Returns:
        Bounds of the parts, ascending.

    Example:
        >>> parts(0.01, 100.0, 16, log=True).round(6).tolist()
        [0.01, 0.1, 1.0, 10.0, 100.0]
    """
    number = min(max(trials // 4, 1), MOST_PARTS)
    return np.geomspace(low, high, number + 1) if log else np.linspace(low, high, number + 1)


def _banded(values: FloatArray, scores: FloatArray, edges: FloatArray) -> Band:
    # Inner bounds alone: a value at an end of the range belongs to the part that ends there.
    part: IntArray = np.searchsorted(edges[1:-1], values, side="right").astype(np.int64)
    columns = np.where(part[:, None] == np.arange(len(edges) - 1), scores[:, None], np.nan)
    return mean_band(columns)
