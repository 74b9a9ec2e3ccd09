import math
from dataclasses import replace

import numpy as np
import pytest

from analysis.findings.effects import effects, scores
from analysis.stats import holm, interaction, interquartile_mean, paired_difference
from analysis.tables.study_queries import compared_with
from tests.analysis import planted, synthetic
from tests.analysis.conftest import in_memory
from tuning import records

GAINS = {
    **{(architecture, "spectral"): 0.02 for architecture in planted.ARCHITECTURES},
    ("resnet-small", "spectral"): 0.06,
}


@pytest.fixture(scope="module")
def runs():
    return planted.confirmed(GAINS)


@pytest.fixture(scope="module")
def found(runs):
    return effects(planted.tables(runs))


def accuracies(runs, architecture, condition):
    mine = [run for run in runs if (run.architecture, run.condition) == (architecture, condition)]
    return [run.records[-1].metrics[records.TEST_ACCURACY] for run in sorted(mine, key=lambda run: run.index)]


def test_every_condition_is_compared_with_the_baseline_on_every_architecture(runs, found):
    assert found.baseline == "baseline"
    assert [(contrast.architecture, contrast.condition, contrast.against) for contrast in found.to_baseline] == [
        (architecture, condition, "baseline")
        for architecture in planted.ARCHITECTURES
        for condition in ("decay", "spectral")
    ]
    for contrast in found.to_baseline:
        mine, others = (accuracies(runs, contrast.architecture, name) for name in (contrast.condition, "baseline"))
        assert contrast.difference == paired_difference(mine, others)


def test_the_others_are_compared_with_each_other(runs, found):
    assert [(contrast.architecture, contrast.condition, contrast.against) for contrast in found.between] == [
        (architecture, "spectral", "decay") for architecture in planted.ARCHITECTURES
    ]


def test_each_family_of_tests_is_adjusted_by_itself(found):
    for contrasts in (found.to_baseline, found.between):
        adjusted = holm([contrast.difference.test.p for contrast in contrasts])
        assert [contrast.adjusted_p for contrast in contrasts] == adjusted.tolist()
    families = [contrast.interaction.families.test.p for contrast in found.families]
    assert [contrast.adjusted_p for contrast in found.families] == holm(families).tolist()


def test_planted_effects_are_found_and_none_is_claimed_where_there_is_none():
    studies = [effects(planted.tables(planted.confirmed(GAINS, seed=seed))) for seed in range(25)]
    there = [contrast for found in studies for contrast in found.to_baseline if contrast.condition == "spectral"]
    absent = [contrast for found in studies for contrast in found.to_baseline if contrast.condition == "decay"]
    assert np.mean([contrast.adjusted_p <= 0.05 for contrast in there]) > 0.95
    # By Holm's rule a third of it is the most for each.
    assert np.mean([contrast.adjusted_p <= 0.05 for contrast in absent]) < 0.05
    covered = [contrast.difference.interval.holds(GAINS[contrast.architecture, "spectral"]) for contrast in there]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.075)  # three standard errors of 75
    assert np.mean([contrast.difference.interval.holds(0.0) for contrast in absent]) == pytest.approx(0.95, abs=0.075)


def test_over_all_architectures_the_gain_is_that_on_the_same_seeds(runs, found):
    level = {
        name: np.array([accuracies(runs, architecture, name) for architecture in planted.ARCHITECTURES]).T
        for name in planted.CONDITIONS
    }
    for overall in found.overall:
        assert overall.level == interquartile_mean(level[overall.condition])
        assert overall.gain == interquartile_mean(level[overall.condition], level["baseline"])
    assert [overall.condition for overall in found.overall] == list(planted.CONDITIONS)
    assert found.overall[0].gain.value == 0.0


def test_a_planted_interaction_of_families_of_unequal_size_is_found(runs, found):
    family = found.families[1]
    assert (family.condition, family.families) == ("spectral", ("mlp", "resnet"))
    assert family.architectures == (("mlp-small", "mlp-large"), ("resnet-small",))
    gain = {
        name: np.subtract(accuracies(runs, name, "spectral"), accuracies(runs, name, "baseline"))
        for name in planted.ARCHITECTURES
    }
    expected = interaction(np.column_stack([gain["mlp-small"], gain["mlp-large"]]), gain["resnet-small"].reshape(-1, 1))
    assert family.interaction.families.mean == pytest.approx(expected.families.mean)
    assert family.interaction.families.interval.holds(0.02 - 0.06)
    assert family.adjusted_p <= 0.05
    assert found.families[0].interaction.families.interval.holds(0.0)


def test_the_detectable_difference_is_larger_than_the_interval(found):
    for contrast in found.to_baseline:
        assert contrast.detectable > contrast.difference.interval.half_width > 0


def test_a_diverged_seed_is_left_out_of_its_comparisons_alone(runs):
    lost = [replace(run, reason="diverged") if (run.condition, run.index) == ("decay", 3) else run for run in runs]
    found = effects(planted.tables(lost))
    assert {contrast.difference.n for contrast in found.to_baseline if contrast.condition == "decay"} == {7}
    assert {contrast.difference.n for contrast in found.to_baseline if contrast.condition == "spectral"} == {8}
    assert {contrast.difference.n for contrast in found.between} == {7}
    mine, others = (accuracies(runs, "mlp-small", name) for name in ("decay", "baseline"))
    rest = [place for place in range(8) if place != 3]
    expected = np.subtract(mine, others)[rest].mean()
    assert found.to_baseline[0].difference.mean == pytest.approx(expected, rel=1e-9)


def test_pairs_are_made_by_seed_in_whatever_order_runs_were_stored(runs):
    order = np.random.default_rng(19).permutation(len(runs))
    shuffled = scores(planted.tables([runs[place] for place in order]), records.TEST_ACCURACY)
    straight = scores(planted.tables(runs), records.TEST_ACCURACY)
    assert shuffled[straight.columns].equals(straight)


def test_tuning_runs_never_enter():
    tuned = [replace(run, phase="tune") for run in planted.confirmed(GAINS)]
    found = effects(planted.tables(tuned))
    assert (found.to_baseline, found.between, found.families) == ((), (), ())
    assert all(overall.level.n == 0 for overall in found.overall)


def test_one_seed_has_differences_without_intervals():
    found = effects(planted.tables(planted.confirmed(GAINS, seeds=1)))
    for contrast in found.to_baseline:
        assert contrast.difference.n == 1
        assert math.isnan(contrast.difference.interval.low)
        assert math.isnan(contrast.detectable)
        assert contrast.adjusted_p == 1.0


def test_the_baseline_is_the_one_named_else_the_one_without_a_regularizer_else_the_first():
    held = {"a": {"regularizer": "weight_decay"}, "b": {"regularizer": "none"}, "c": {"regularizer": "none"}}
    assert compared_with({"conditions": held, "confirm": {"baseline": "c"}}, ["a", "b", "c"]) == "c"
    assert compared_with({"conditions": held, "confirm": {"baseline": None}}, ["a", "b", "c"]) == "b"
    assert compared_with({}, ["a", "b"]) == "a"


def test_the_stored_study_has_its_differences_to_the_baseline(quickstart):
    found = effects(quickstart)
    expected = {("mlp-small", "decay"): 0.01, ("mlp-small", "spectral"): 0.05}
    got = {(contrast.architecture, contrast.condition): contrast.difference.mean for contrast in found.to_baseline}
    assert {cell: got[cell] for cell in expected} == pytest.approx(expected)
    assert {contrast.difference.n for contrast in found.to_baseline} == {synthetic.SEEDS}


def test_gaps_are_told_by_the_number_of_pairs(with_gaps):
    found = effects(with_gaps)
    assert [(contrast.architecture, contrast.condition, contrast.difference.n) for contrast in found.to_baseline] == [
        ("mlp-small", "decay", 1)
    ]


def test_a_study_without_runs_is_refused():
    with pytest.raises(ValueError, match="effects need confirmation runs, got none in study 'memory'"):
        effects(in_memory([]))
