"""What differs between conditions: on each architecture, over all of them, and between families."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.stats import (
    Difference,
    Estimate,
    FamilyTest,
    FloatArray,
    Interaction,
    detectable_difference,
    family_tests,
    interaction,
    interquartile_mean,
    paired_difference,
)
from analysis.tables.runs import by_seed, cells, confirmed_runs
from analysis.tables.study_queries import compared_with
from analysis.tables.study_tables import Tables
from tuning import records


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """One condition against another on one architecture, over the confirmation seeds that both completed.

    Attributes:
        architecture: its name.
        condition: the one.
        against: the other.
        difference: condition − against, in the unit of the metric.
        tested: the sign-flip test, with Holm's rule over the contrasts that stand beside this one.
        detectable: the true difference that a t-test on so many seeds of this spread would find four times in five
            at the 5 % level.
    """

    architecture: str
    condition: str
    against: str
    difference: Difference
    tested: FamilyTest
    detectable: float

    @property
    def adjusted_p(self) -> float:
        """P of the sign-flip test after Holm's rule."""
        return self.tested.adjusted_p


@dataclass(frozen=True, kw_only=True)
class Overall:
    """One condition over all architectures.

    Attributes:
        condition: its name.
        level: interquartile mean of the metric.
        gain: interquartile mean of the differences to the baseline on the same architecture and seed; of the baseline
            itself 0.
    """

    condition: str
    level: Estimate
    gain: Estimate


@dataclass(frozen=True, kw_only=True)
class FamilyContrast:
    """Whether a condition helps one family of architectures more than another.

    Attributes:
        condition: its name.
        families: names of the two.
        architectures: of the first and of the second, those on which condition and baseline share a seed.
        interaction: the condition's effect (against the baseline) in the first family minus that in the second.
        tested: the sign-flip test of that, with Holm's rule over all conditions and pairs of families.
    """

    condition: str
    families: tuple[str, str]
    architectures: tuple[tuple[str, ...], tuple[str, ...]]
    interaction: Interaction
    tested: FamilyTest

    @property
    def adjusted_p(self) -> float:
        """P of the sign-flip test after Holm's rule."""
        return self.tested.adjusted_p


@dataclass(frozen=True, kw_only=True)
class Effects:
    """What a study says of its conditions.

    Attributes:
        study: its name.
        metric: a name of `tuning.records.METRICS`, its value after the last epoch.
        baseline: the condition that the others are measured against.
        to_baseline: every other condition against it, on each architecture: one family of tests.
        between: every pair of the others, the one that stands later in the study first: another family of tests.
        overall: one a condition, in the study's order.
        families: one for each condition but the baseline and each pair of families: a third family of tests.
        scores: what all of it is computed from, as `scores` arranges it.
    """

    study: str
    metric: str
    baseline: str
    to_baseline: tuple[Contrast, ...]
    between: tuple[Contrast, ...]
    overall: tuple[Overall, ...]
    families: tuple[FamilyContrast, ...]
    scores: pd.DataFrame = field(repr=False, compare=False)

    @property
    def architectures(self) -> list[str]:
        """Those on which a condition was compared with the baseline, in the study's order."""
        return list(dict.fromkeys(contrast.architecture for contrast in self.to_baseline))

    def difference(self, architecture: str, condition: str, against: str) -> Difference:
        """Return condition − against on one architecture, over the confirmation seeds that both completed."""
        return _difference(self.scores, architecture, condition, against)

    def between_two(self, architecture: str, condition: str, other: str) -> Contrast | None:
        """Return the contrast of two conditions on one architecture, whichever stands first; None without a seed."""
        both = {condition, other}
        there = [contrast for contrast in (*self.to_baseline, *self.between) if contrast.architecture == architecture]
        return next((contrast for contrast in there if {contrast.condition, contrast.against} == both), None)

    def on(self, architecture: str) -> list[Contrast]:
        """Return the other conditions against the baseline on one architecture."""
        return [contrast for contrast in self.to_baseline if contrast.architecture == architecture]


def effects(tables: Tables, metric: str = records.TEST_ACCURACY) -> Effects:
    """Compare the conditions of a study on the confirmation seeds that they share.

    A seed on which one of two runs did not complete is left out of their comparison, and ``n`` says how many are
    left: what diverges now and then is flattered by it.

    Args:
        tables: the study's.
        metric: a name of `tuning.records.METRICS`.

    Returns:
        The effects; contrasts without a shared seed are left out.

    Raises:
        ValueError: if there is no run to compare.
    """
    if tables.runs.empty:
        raise ValueError(f"effects need confirmation runs, got none in study {tables.study!r}; run it to its end")
    values = scores(tables, metric)
    conditions = list(tables.runs["condition"].cat.categories)
    plain = compared_with(tables.study_data, conditions)
    others = [condition for condition in conditions if condition != plain]
    return Effects(
        study=tables.study,
        metric=metric,
        baseline=plain,
        to_baseline=_contrasts(values, [(condition, plain) for condition in others]),
        between=_contrasts(values, [(later, earlier) for earlier, later in itertools.combinations(others, 2)]),
        overall=tuple(_overall(values, condition, plain) for condition in conditions),
        families=_families(values, others, plain, _architectures_by_family(tables.runs)),
        scores=values,
    )


def scores(tables: Tables, metric: str) -> pd.DataFrame:
    """Arrange the confirmation runs of all cells seed by seed.

    Args:
        tables: the study's.
        metric: a name of `tuning.records.METRICS`.

    Returns:
        One row a seed, one column an architecture and condition; NaN where that run did not complete.
    """
    of_cell = {cell: by_seed(confirmed_runs(tables, *cell), metric) for cell in cells(tables)}
    wide: pd.DataFrame = pd.concat(of_cell, axis="columns").sort_index().astype(np.float64)
    return wide


def _difference(values: pd.DataFrame, architecture: str, condition: str, against: str) -> Difference:
    return paired_difference(*(values[architecture, name].to_numpy() for name in (condition, against)))


def _apart(values: pd.DataFrame, architecture: str, condition: str, against: str) -> "pd.Series[float]":
    """By seed, condition − against; NaN where one of them lacks the seed."""
    apart: pd.Series[float] = values[architecture, condition] - values[architecture, against]
    return apart


def _contrasts(values: pd.DataFrame, pairs: Sequence[tuple[str, str]]) -> tuple[Contrast, ...]:
    found: dict[tuple[str, str, str], tuple[Difference, float]] = {}
    for architecture, (condition, against) in itertools.product(_architectures(values), pairs):
        difference = _difference(values, architecture, condition, against)
        if difference.n:
            apart = _apart(values, architecture, condition, against)
            spread = float(np.nanstd(apart.to_numpy(), ddof=1)) if difference.n > 1 else math.nan
            found[architecture, condition, against] = difference, spread
    family = family_tests([difference.test for difference, _ in found.values()])
    return tuple(
        Contrast(
            architecture=architecture,
            condition=condition,
            against=against,
            difference=difference,
            tested=test,
            detectable=detectable_difference(difference.n, spread),
        )
        for ((architecture, condition, against), (difference, spread)), test in zip(found.items(), family, strict=True)
    )


def _overall(values: pd.DataFrame, condition: str, plain: str) -> Overall:
    level, baseline = (_of(values, name) for name in (condition, plain))
    return Overall(condition=condition, level=interquartile_mean(level), gain=interquartile_mean(level, baseline))


def _families(
    values: pd.DataFrame, conditions: Sequence[str], plain: str, families: dict[str, list[str]]
) -> tuple[FamilyContrast, ...]:
    found = []
    for condition, names in itertools.product(conditions, itertools.combinations(families, 2)):
        gain = pd.DataFrame({
            architecture: _apart(values, architecture, condition, plain) for architecture in _architectures(values)
        })
        shared = gain.columns[gain.notna().any()]
        first, second = (
            tuple(architecture for architecture in families[name] if architecture in shared) for name in names
        )
        if first and second:
            apart = interaction(gain[list(first)].to_numpy(), gain[list(second)].to_numpy())
            found.append((condition, names, (first, second), apart))
    family = family_tests([apart.families.test for *_, apart in found])
    return tuple(
        FamilyContrast(condition=condition, families=names, architectures=both, interaction=apart, tested=test)
        for (condition, names, both, apart), test in zip(found, family, strict=True)
    )


def _architectures_by_family(runs: pd.DataFrame) -> dict[str, list[str]]:
    family = runs.drop_duplicates("architecture").set_index("architecture")["family"]
    found: dict[str, list[str]] = {}
    for architecture in runs["architecture"].cat.categories:
        found.setdefault(str(family[architecture]), []).append(architecture)
    return found


def _architectures(values: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(values.columns.get_level_values(0)))


def _of(values: pd.DataFrame, condition: str) -> FloatArray:
    """Return one condition's scores: shape ``(seeds, architectures)``."""
    return values[[(architecture, condition) for architecture in _architectures(values)]].to_numpy()
