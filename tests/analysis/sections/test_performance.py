import numpy as np
import pytest

from analysis.findings.effects import effects
from analysis.notation import number, points_between
from analysis.sections.performance import ALL, performance
from analysis.stats import interquartile_mean, paired_difference
from tests.analysis import planted
from tests.analysis.accuracies import runs
from tests.analysis.conftest import in_memory
from tuning import records

GAINS = {(architecture, "spectral"): 0.02 for architecture in planted.ARCHITECTURES}


@pytest.fixture(scope="module")
def confirmed():
    return planted.confirmed(GAINS)


@pytest.fixture(scope="module")
def section(confirmed):
    return performance(effects(planted.tables(confirmed)))


def accuracies(confirmed, architecture, condition):
    mine = [run for run in confirmed if (run.architecture, run.condition) == (architecture, condition)]
    return [run.records[-1].metrics[records.TEST_ACCURACY] for run in mine]


def test_a_planted_effect_is_said_to_be_higher_and_a_null_to_be_no_difference_seen(confirmed, section):
    for architecture, said in zip(planted.ARCHITECTURES, section.said, strict=False):
        stated = {
            name: paired_difference(
                accuracies(confirmed, architecture, name), accuracies(confirmed, architecture, "baseline")
            ).stated
            for name in ("decay", "spectral")
        }
        assert said == (
            f"{architecture}: higher with spectral ({points_between(stated['spectral'])} points); "
            f"no difference seen with decay ({points_between(stated['decay'])} points)."
        )


def test_numbers_of_the_table_are_those_of_the_statistics(confirmed, section):
    found = paired_difference(
        accuracies(confirmed, "mlp-large", "spectral"), accuracies(confirmed, "mlp-large", "baseline")
    )
    _, row, pair = section.sheet.groups["mlp-large"]
    assert row[:3] == ("spectral", points_between(found.bootstrap), number(found.test.p))
    assert row[4].startswith(f"{found.effect.value:+.2f} [{found.effect.low:+.2f}, ")
    assert row[5].startswith(f"{found.improvement.value:.2f} [")
    assert row[-1] == "8"
    assert pair[0] == "spectral − decay"


def test_over_all_architectures_it_is_the_interquartile_mean_of_the_differences(confirmed, section):
    mine, plain = (
        np.array([accuracies(confirmed, name, condition) for name in planted.ARCHITECTURES]).T
        for condition in ("spectral", "baseline")
    )
    gain = points_between(interquartile_mean(mine, plain))
    assert section.sheet.groups[ALL][1][:2] == ("spectral", gain)
    assert f"higher with spectral ({gain} points)" in section.said[3]


def test_tests_that_survive_holm_are_named(section):
    assert section.said[5] == (
        "After Holm's rule over 6 comparisons with baseline, p ≤ 0.05 remains for spectral on mlp-small, spectral on "
        "mlp-large and spectral on resnet-small. Of 6 intervals about 0.3 would leave out zero if nothing differed."
    )


def test_with_five_seeds_it_is_said_that_no_test_could_speak():
    found = performance(effects(planted.tables(planted.confirmed(GAINS, seeds=5))))
    (said,) = [each for each in found.said if each.startswith("After Holm's rule")]
    assert "no sign-flip test is left with p ≤ 0.05, nor could one be: 5 seeds allow no p below 0.0625, by " in said
    assert "by Holm's rule over 6 comparisons none below 0.375." in said


def test_below_four_seeds_student_s_interval_stands_where_the_bootstrap_has_no_bounds():
    tables = in_memory(runs("confirm", "baseline", [0.80, 0.82, 0.84]) + runs("confirm", "held", [0.90, 0.93, 0.93]))
    found = performance(effects(tables))
    student = paired_difference([0.90, 0.93, 0.93], [0.80, 0.82, 0.84]).interval
    assert found.said[0] == (
        f"mlp-small: by the interval alone higher with held ({points_between(student)} points, sign-flip p 0.250), "
        "where 3 seeds allow no p below 0.250."
    )
    assert ALL not in found.sheet.groups


def test_one_seed_has_a_difference_without_a_claim():
    tables = in_memory(runs("confirm", "baseline", [0.80]) + runs("confirm", "held", [0.90]))
    said = performance(effects(tables)).said
    assert said[0] == "mlp-small: too few seeds for an interval with held (+10.00 points)."
    assert not any("smallest true difference" in each for each in said)


@pytest.mark.parametrize("phase", ["tune", "confirm"])
def test_what_was_not_confirmed_beside_the_baseline_is_one_sentence(phase):
    tables = in_memory(
        runs("confirm", "baseline", [0.8, 0.9]) + runs(phase, "held", [0.8, 0.9])[: 2 * (phase == "tune")]
    )
    found = performance(effects(tables))
    assert found.said == ("No other condition shares a completed confirmation seed with baseline: nothing to compare.",)
    assert found.picture is found.sheet is None
