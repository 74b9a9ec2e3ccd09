"""How a cell's singular values fall off from the largest, relative to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.findings.kept_spectra import Kept
from analysis.stats import (
    Band,
    Difference,
    FamilyTest,
    FloatArray,
    Interval,
    family_tests,
    mean_band,
    paired_difference,
)
from analysis.tables.runs import cells, confirmed_runs
from analysis.tables.study_tables import Tables
from tuning import records

GRID: FloatArray = np.linspace(0.0, 1.0, 41)
"""Places at which profiles are compared: shares of the way from a weight's largest singular value to its smallest."""

TENTH, HALF, NINE_TENTHS = 4, 20, 36
"""Where in `GRID` a tenth, the half and nine tenths of the way are."""

Compared = Mapping[tuple[str, str], tuple[Interval, FamilyTest]]
"""By architecture and condition: how it differs from the first architecture, and the test among all of these."""


@dataclass(frozen=True, kw_only=True)
class DecayProfile:
    """The spectra of one cell, each relative to its largest value.

    Attributes:
        architecture: its name.
        condition: its name.
        epoch: the last whose vectors were kept.
        of_seed: by seed, σ/σ₁ at each place of `GRID`, averaged over the weights.
        band: mean and 95 % t-interval over the seeds, shape ``(places,)``.
    """

    architecture: str
    condition: str
    epoch: int
    of_seed: Mapping[int, FloatArray]
    band: Band

    def at(self, place: int) -> Interval:
        """Return mean and interval at one place.

        Args:
            place: an index of `GRID`.
        """
        mean, low, high, n = (getattr(self.band, name)[place] for name in ("mean", "low", "high", "n"))
        return Interval(mean=float(mean), low=float(low), high=float(high), n=int(n))


def decay_profiles(tables: Tables, known: Sequence[Kept]) -> tuple[DecayProfile, ...]:
    """Compute the decay profile of every cell, its weights seen as flat matrices.

    Args:
        tables: the study's.
        known: which epochs kept their vectors.

    Returns:
        One for each cell whose confirmation runs kept vectors, in the study's order.
    """
    last = {kept.architecture: kept.kept[-1] for kept in known if kept.kept}
    found = []
    for architecture, condition in cells(tables):
        if architecture not in last:
            continue
        runs = confirmed_runs(tables, architecture, condition)
        seeds = runs["seed"].to_dict()
        columns = ["layer", "value"]
        files = tables.files.rows(
            records.SPECTRA_FILE, runs.index, view="flat", epoch=last[architecture], columns=columns
        )
        of_seed = {int(seeds[run_id]): _mean(rows.to_pandas()) for run_id, rows in files if len(rows)}
        if of_seed:
            profile = DecayProfile(
                architecture=architecture,
                condition=condition,
                epoch=last[architecture],
                of_seed=of_seed,
                band=mean_band(np.array(list(of_seed.values()))),
            )
            found.append(profile)
    return tuple(found)


def _mean(rows: pd.DataFrame) -> FloatArray:
    """Average over the weights of one run; one that is zero has no profile."""
    profiles = [
        relative(of_layer.to_numpy(np.float64)) for _, of_layer in rows.groupby("layer", observed=True)["value"]
    ]
    mean: FloatArray = np.mean(
        [profile for profile in profiles if not np.isnan(profile).any()] or [np.full(len(GRID), np.nan)], axis=0
    )
    return mean


def relative(values: FloatArray) -> FloatArray:
    """Return singular values relative to the largest at the places of `GRID`, straight lines between them.

    Args:
        values: descending, shape ``(values,)``.

    Returns:
        Shape ``(places,)``; NaN where all are zero.

    Example:
        >>> relative(np.array([4.0, 2.0, 1.0]))[[0, HALF, -1]].tolist()
        [1.0, 0.5, 0.25]
    """
    if values[0] <= 0:
        return np.full(len(GRID), np.nan)
    places = np.linspace(0.0, 1.0, len(values)) if len(values) > 1 else np.array([0.0])
    found: FloatArray = np.interp(GRID, places, values / values[0])
    return found


def against_first(found: Sequence[DecayProfile]) -> Compared:
    """Compare every cell half-way down its list with that of the first architecture under its condition, by seed.

    Args:
        found: the cells, in the study's order.

    Returns:
        All but those that are the first of their condition; Holm's rule is over all of them.
    """
    firsts = {cell.condition: cell for cell in reversed(found)}
    others = [cell for cell in found if cell is not firsts[cell.condition]]
    differences = [_difference(cell, firsts[cell.condition]) for cell in others]
    family = family_tests([difference.test for difference in differences])
    return {
        (cell.architecture, cell.condition): (difference.stated, test)
        for cell, difference, test in zip(others, differences, family, strict=True)
    }


def _difference(cell: DecayProfile, first: DecayProfile) -> Difference:
    seeds = sorted(cell.of_seed.keys() | first.of_seed.keys())
    ours, others = (
        [of.of_seed[seed][HALF] if seed in of.of_seed else np.nan for seed in seeds] for of in (cell, first)
    )
    return paired_difference(ours, others)
