import math

import pytest
import scipy.stats

from analysis.findings.ablation import ablations
from analysis.findings.pairs import compared
from analysis.stats import mean_interval, paired_difference
from tests.analysis.accuracies import asked_for, runs
from tests.analysis.beside import distinct
from tests.analysis.conftest import in_memory

WHOLE = [0.90, 0.92, 0.97]


FACTORS = {"layers": {"where": ["hidden"]}, "initialization": {"initialization": "default"}}


def study(**without):
    made = runs("confirm", "full", WHOLE) + runs("confirm", "baseline", [0.5, 0.6, 0.7])
    for factor, accuracies in without.items():
        made += runs("ablate", "full", accuracies, ablated=factor, named="")
    return asked_for(in_memory(distinct(made)), factors=FACTORS)


def test_a_factor_contributes_the_difference_seed_by_seed_with_the_interval_of_scipy():
    (found,) = ablations(study(initialization=[0.85, 0.90, 0.90]))
    (rest,) = found.without
    gains = [0.05, 0.02, 0.07]
    paired = scipy.stats.ttest_rel(WHOLE, [0.85, 0.90, 0.90]).confidence_interval(0.95)
    assert (found.architecture, found.condition, rest.factor) == ("mlp-small", "full", "initialization")
    assert found.whole == mean_interval(WHOLE)
    assert rest.test_accuracy == mean_interval([0.85, 0.90, 0.90])
    assert rest.difference.mean == pytest.approx(sum(gains) / 3)
    assert (rest.difference.interval.low, rest.difference.interval.high) == pytest.approx((paired.low, paired.high))


def test_factors_stand_in_the_order_of_the_study():
    (found,) = ablations(study(initialization=[0.8, 0.8, 0.8], layers=[0.9, 0.9, 0.9]))
    assert [rest.factor for rest in found.without] == ["layers", "initialization"]


def test_a_seed_that_diverged_is_in_neither_mean_nor_difference():
    (found,) = ablations(study(layers=[0.85, None, 0.95]))
    (rest,) = found.without
    assert (rest.runs, rest.test_accuracy.n, rest.difference.n) == (3, 2, 2)
    assert rest.difference.mean == pytest.approx((0.05 + 0.02) / 2)


def test_one_seed_has_a_difference_without_bounds():
    (found,) = ablations(study(layers=[0.85]))
    assert found.without[0].difference.mean == pytest.approx(0.05)
    assert math.isnan(found.without[0].difference.interval.low)


def test_pairs_are_made_by_seed_and_not_by_order():
    tables = study(layers=[0.85, 0.90, 0.90]).runs
    whole, rest = (
        tables[(tables["phase"] == phase) & (tables["condition"] == "full")] for phase in ("confirm", "ablate")
    )
    shuffled = rest.iloc[[2, 0, 1]]
    assert compared(whole, shuffled) == compared(whole, rest) == paired_difference(WHOLE, [0.85, 0.90, 0.90])
    assert (compared(whole, rest.iloc[1:]).n, compared(whole, rest.iloc[1:]).mean) == (2, pytest.approx(0.045))


def test_every_architecture_is_taken_apart_by_itself():
    made = [
        run
        for architecture, gain in (("mlp-small", 0.1), ("resnet-small", 0.2))
        for run in (
            *runs("confirm", "full", [0.9, 0.9], architecture=architecture),
            *runs("ablate", "full", [0.9 - gain, 0.9 - gain], architecture=architecture, ablated="layers"),
        )
    ]
    found = ablations(asked_for(in_memory(distinct(made)), factors=FACTORS))
    assert [(ablation.architecture, round(ablation.without[0].difference.mean, 9)) for ablation in found] == [
        ("mlp-small", 0.1),
        ("resnet-small", 0.2),
    ]


def test_a_study_that_ablates_nothing_has_no_table(quickstart):
    assert ablations(quickstart) == ()
