"""Which step of a trial's life may follow which."""

import pytest

from tuning.engine.state.trial_life import PROPOSALS, Stage, TrialLife
from tuning.records import StopReason

STEPS = {
    "begin": TrialLife.begin,
    "lose": TrialLife.lose,
    "put off": TrialLife.put_off,
    "complete": lambda life: life.end_as(StopReason.COMPLETED),
    "fail": lambda life: life.end_as(StopReason.ERROR),
}
LEGAL = {
    (Stage.PROPOSED, "begin"): Stage.RUNNING,
    (Stage.PROPOSED, "lose"): Stage.PROPOSED,
    (Stage.PROPOSED, "fail"): Stage.ENDED,
    (Stage.RUNNING, "lose"): Stage.LOST,
    (Stage.RUNNING, "put off"): Stage.PUT_OFF,
    (Stage.RUNNING, "complete"): Stage.ENDED,
    (Stage.RUNNING, "fail"): Stage.ENDED,
    (Stage.LOST, "begin"): Stage.RUNNING,
    (Stage.LOST, "lose"): Stage.LOST,
    (Stage.LOST, "fail"): Stage.ENDED,
    (Stage.PUT_OFF, "lose"): Stage.PUT_OFF,
    (Stage.PUT_OFF, "put off"): Stage.PUT_OFF,
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("stage", Stage)
def test_each_stage_allows_these_steps_and_refuses_all_others(stage, step):
    life = TrialLife(stage=stage)
    if (stage, step) not in LEGAL:
        with pytest.raises(AssertionError):
            STEPS[step](life)
        assert life.stage is stage
        return
    STEPS[step](life)
    assert life.stage is LEGAL[stage, step]
    assert life.ended == (step in {"complete", "fail"})
    assert life.waited == (step == "fail" and stage is not Stage.RUNNING)


@pytest.mark.parametrize("stage", [Stage.PROPOSED, Stage.LOST])
def test_a_trial_that_waits_is_proposed_again_so_often_and_no_more(stage):
    life = TrialLife(stage=stage)
    assert [life.propose_again() for _ in range(PROPOSALS + 1)] == [True] * PROPOSALS + [False]
    assert life.stage is stage


@pytest.mark.parametrize("reason", [reason for reason in StopReason if reason is not StopReason.RUNNING])
def test_a_trial_that_ended_in_an_earlier_session_is_over_unless_it_failed_was_interrupted_or_began_again(reason):
    tried_again = reason in {StopReason.ERROR, StopReason.INTERRUPTED}
    for ended in (True, False):
        life = TrialLife()
        life.recall(reason, lost=False, ended=ended)
        assert life.ended == (ended and not tried_again)
        assert life.reason == (reason if life.ended else StopReason.RUNNING)
        assert life.failed_before == (reason is StopReason.ERROR)


def test_what_goes_wrong_first_is_the_cause():
    life = TrialLife()
    life.fail("first")
    life.fail("second")
    assert life.error == "first"


def test_one_that_runs_is_not_proposed_again():
    with pytest.raises(AssertionError, match="only a trial that waits is proposed again, got one that is running"):
        TrialLife(stage=Stage.RUNNING).propose_again()
