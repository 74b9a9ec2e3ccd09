"""What samplers learn from: trials that were stopped early, trials that failed, trials of an earlier session."""

from dataclasses import replace

import pytest

from benchmarks.planted_search import RULES, accuracy, learned, never, planted, searched, too_large
from tuning.engine.proposals import proposals_of
from tuning.engine.proposals.samplers import SAMPLERS
from tuning.engine.state.trial_life import Stage
from tuning.records import SAMPLED, Phase, StopReason

COMBINED = [(name, rule) for name in SAMPLED for rule in RULES if rule == "none" or name != "nsga2"]
"""Every sampler with every stopping rule that it takes."""

TRIALS = {"tpe": 20, "gp": 12, "cmaes": 20, "nsga2": 28}
"""Of a search; a Gaussian process is fitted before each proposal."""

DRAWN = {"tpe": 10, "gp": 6, "cmaes": 1 + 7, "nsga2": 7}
"""Trials that rest on no other: common draws; of CMA-ES also its first generation, 4 + 3 ln 3."""


def search(algorithm, rule="none", seed=0):
    return planted(algorithm, rule, trials=TRIALS[algorithm], seed=seed)


def settings_of(trials):
    return [trial.settings for trial in trials]


def recalled(trials):
    """The trials as a later session finds them: what failed is tried again."""
    return [
        replace(trial, stage=Stage.PROPOSED, reason=StopReason.RUNNING, error="", failed_before=True)
        if trial.reason is StopReason.ERROR
        else replace(trial)
        for trial in trials
    ]


@pytest.mark.parametrize(("algorithm", "rule"), COMBINED)
def test_all_but_the_common_draws_rest_on_what_earlier_trials_have_said(algorithm, rule):
    trials = searched(search(algorithm, rule), never)
    found = learned(search(algorithm, rule), trials)
    if algorithm == "nsga2":  # a child may have the same parents all the same
        assert min(found) >= DRAWN[algorithm]
        assert len(found) > 0.6 * (len(trials) - DRAWN[algorithm])
    else:
        assert found == list(range(DRAWN[algorithm], len(trials)))


@pytest.mark.parametrize(("algorithm", "rule"), COMBINED)
def test_failures_do_not_keep_a_sampler_from_learning(algorithm, rule):
    trials = searched(search(algorithm, rule), too_large)
    silent = next(index for index, trial in enumerate(trials) if not trial.error)  # before it no value is known
    found = learned(search(algorithm, rule), trials)
    assert len(found) > 0.5 * (len(trials) - DRAWN[algorithm] - silent)


@pytest.mark.parametrize("rule", ["asha", "median"])
def test_the_planted_rules_do_stop_trials(rule):
    ends = [trial.reason for trial in searched(search("tpe", rule), never)]
    assert ends.count(StopReason.EARLY_STOPPED) > 5
    assert ends.count(StopReason.COMPLETED) > 0


@pytest.mark.parametrize("done", [4, 11])
@pytest.mark.parametrize(("algorithm", "rule"), COMBINED)
def test_a_search_with_failures_that_goes_on_proposes_what_the_uninterrupted_one_did(algorithm, rule, done):
    whole = searched(search(algorithm, rule), too_large)
    again = searched(search(algorithm, rule), too_large, recalled(whole[:done]))
    assert any(trial.failed_before for trial in again)
    assert settings_of(again) == settings_of(whole)


@pytest.mark.parametrize("algorithm", SAMPLED)
def test_a_trial_that_failed_and_then_did_not_counts_as_it_ended_last(algorithm):
    of = search(algorithm)
    failed = searched(of, too_large, most=10)
    failures = sum(bool(trial.error) for trial in failed)
    assert failures > 1
    mended = searched(of, never, recalled(failed), most=failures)
    assert settings_of(mended) == settings_of(failed)
    assert all(trial.reason is StopReason.COMPLETED for trial in mended)
    on = searched(of, never, recalled(failed), most=failures + 1)
    assert settings_of(on)[-1] == proposals_of(of.cells[0], mended).propose()


def test_a_trial_that_was_never_begun_is_proposed_before_any_other():
    whole = searched(search("tpe"), never)
    left_out = [trial for trial in whole[:6] if trial.settings.index != 4]
    assert settings_of(searched(search("tpe"), never, left_out, most=1)) == settings_of(whole[:6])


@pytest.mark.parametrize("algorithm", SAMPLED)
def test_a_search_keeps_away_from_settings_that_fail(algorithm):
    """Draws fail in 42 % of all trials, and larger batches are a little better; a generation forgets slowly."""
    most = {"nsga2": 0.35}.get(algorithm, 0.25)
    assert sum(share(algorithm, seed) for seed in range(3)) / 3 < most


def share(algorithm, seed):
    whole = {"gp": (30, 10)}  # of a few proposals chance makes most
    number, drawn = whole.get(algorithm, (TRIALS[algorithm], DRAWN[algorithm]))
    trials = searched(planted(algorithm, trials=number, seed=seed), too_large)[drawn:]
    return sum(bool(trial.error) for trial in trials) / len(trials)


@pytest.mark.parametrize(("algorithm", "rule"), COMBINED)
def test_a_search_finds_better_settings_than_as_many_draws(algorithm, rule):
    of = search(algorithm, rule)
    (cell,) = of.cells
    found = [accuracy(trial.settings) for trial in searched(of, never)]
    drawn = [accuracy(cell.settings(Phase.TUNE, index, cell.draw(index))) for index in range(len(found))]
    assert sorted(found)[len(found) // 2] > sorted(drawn)[len(drawn) // 2]


def test_the_samplers_are_those_that_are_tried_here():
    assert set(DRAWN) == set(SAMPLERS)
