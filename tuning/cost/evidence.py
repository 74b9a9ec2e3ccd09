"""What a study's confirmation seeds will be able to show, said before any of them has run."""

import math
from dataclasses import dataclass

from tuning.baseline import reference
from tuning.paired_power import detectable_difference, enough_pairs, paired_deviation, smallest_p
from tuning.records import TEST_ACCURACY
from tuning.store import StoreReader, hide_password, resolve_tracking_uri
from tuning.study import Study

ASSUMED = 0.01
"""Standard deviation of paired differences of test accuracy where no earlier study tells one: a point."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What so many seeds can show of so many comparisons.

    Attributes:
        baseline: the condition that the others are compared with.
        seeds: of the confirmation.
        comparisons: with the baseline, over all architectures: the family of Holm's rule.
        spreads: standard deviations of the paired differences of an earlier study of that name, a comparison each, as
            shares; none where there is no such study.
        store: where that was looked for, without its password.
    """

    baseline: str
    seeds: int
    comparisons: int
    spreads: tuple[float, ...]
    store: str

    @property
    def smallest(self) -> float:
        """The smallest p of a two-sided sign-flip test."""
        return smallest_p(self.seeds)

    @property
    def least(self) -> float:
        """The same after Holm's rule."""
        return min(1.0, self.comparisons * self.smallest)

    @property
    def enough(self) -> int:
        """Seeds with which a test can speak at 0.05 after Holm's rule."""
        return enough_pairs(self.comparisons)

    @property
    def detectable(self) -> tuple[float, float]:
        """The smallest and largest of the true differences that a t-test at 0.05 finds four times in five, as shares.

        NaN with one seed.
        """
        found = [detectable_difference(self.seeds, spread) for spread in self.spreads or (ASSUMED,)]
        return min(found), max(found)


def evidence(study: Study, tracking_uri: str | None) -> Evidence | None:
    """Say what a study's seeds will be able to show.

    Args:
        study: already checked.
        tracking_uri: the store in which an earlier study of that name is looked for; it is not made where it is not.

    Returns:
        The evidence; None for a study of one condition, which compares nothing.
    """
    others = len(study.conditions) - 1
    if not others:
        return None
    uri = resolve_tracking_uri(tracking_uri)
    baseline = reference(
        study.confirm.baseline, {name: condition.regularizer for name, condition in study.conditions.items()}
    )
    return Evidence(
        baseline=baseline,
        seeds=study.confirm.seeds,
        comparisons=others * len(study.architectures),
        spreads=tuple(_spreads(study, baseline, uri)),
        store=hide_password(uri),
    )


def _spreads(study: Study, baseline: str, uri: str) -> list[float]:
    """Return how the differences of an earlier study spread over the seeds that both conditions completed."""
    try:
        runs = StoreReader(study.name, uri).runs()
    except ValueError:  # there is no such store or study, or it does not answer: a plan needs neither
        return []
    accuracies: dict[tuple[str, str], dict[str, float]] = {}
    for run in runs:
        if run.is_completed_confirmation and TEST_ACCURACY in run.metrics:
            of = run.tags["architecture"], run.tags["condition"]
            accuracies.setdefault(of, {})[run.tags["seed"]] = run.metrics[TEST_ACCURACY]
    spreads = []
    for cell in study.cells:
        own = accuracies.get((cell.architecture.name, cell.condition_name), {})
        other = accuracies.get((cell.architecture.name, baseline), {})
        spread = paired_deviation(own, other)
        if cell.condition_name != baseline and not math.isnan(spread):
            spreads.append(spread)
    return spreads
