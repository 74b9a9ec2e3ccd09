import pytest
import scipy.stats

from analysis.findings.matched import matched
from analysis.stats import mean_interval
from tests.analysis.accuracies import asked_for, runs
from tests.analysis.conftest import in_memory

PLAIN = [0.80, 0.84, 0.88]


def study(*more, baseline="baseline"):
    made = runs("confirm", "baseline", PLAIN, learning_rate=0.01)
    for each in more:
        made += each
    return asked_for(in_memory(made), baseline=baseline)


def test_a_condition_is_compared_with_the_baseline_at_one_learning_rate_seed_by_seed():
    own, at_rate = [0.95, 0.95, 0.95], [0.81, 0.88, 0.90]
    (found,) = matched(
        study(
            runs("confirm", "held", own, learning_rate=0.1),
            runs("matched", "held", at_rate, learning_rate=0.01),
        )
    )
    plain, held = found.conditions
    expected = scipy.stats.ttest_rel(at_rate, PLAIN).confidence_interval(0.95)
    assert (found.baseline, found.learning_rate, found.left_out) == ("baseline", 0.01, ())
    assert (held.condition, held.own_rate, held.own) == ("held", 0.1, mean_interval(own))
    assert held.test_accuracy == mean_interval(at_rate)
    assert (held.difference.interval.low, held.difference.interval.high) == pytest.approx((expected.low, expected.high))
    assert plain.own == plain.test_accuracy == mean_interval(PLAIN)


def test_the_confirmation_counts_where_a_condition_chose_that_learning_rate_itself():
    (found,) = matched(study(runs("confirm", "held", [0.9, 0.9, 0.9], learning_rate=0.01)))
    held = found.conditions[1]
    assert held.own == held.test_accuracy == mean_interval([0.9, 0.9, 0.9])


def test_a_condition_that_was_not_trained_at_it_is_named():
    (found,) = matched(study(runs("confirm", "other", [0.9, 0.9, 0.9], learning_rate=0.02)))
    assert [at_rate.condition for at_rate in found.conditions] == ["baseline"]
    assert found.left_out == ("other",)


def test_equal_numbers_of_another_optimizer_are_no_equal_learning_rates():
    other = study(runs("confirm", "other", [0.9, 0.9, 0.9], learning_rate=0.01))
    of_other = other.runs["condition"] == "other"
    other.runs.loc[of_other, "optimizer"] = "muon"
    assert matched(other)[0].left_out == ("other",)


def test_an_architecture_whose_baseline_was_not_confirmed_has_no_table():
    found = matched(study(runs("confirm", "held", [0.9, 0.9], architecture="resnet-small", learning_rate=0.1)))
    assert [of_architecture.architecture for of_architecture in found] == ["mlp-small"]


def test_a_study_that_asked_for_none_has_no_table(quickstart):
    assert matched(quickstart) == ()
    assert matched(study(baseline=None)) == ()
