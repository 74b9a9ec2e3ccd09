"""A study says where its budgets were not equal or not spent, of cells by name."""

import pytest

from tests.tuning.engine.state.ended import SEEDS, TRIALS, done, end
from tests.tuning.studies import study, tiny
from tuning.engine.state.history import Chosen, History
from tuning.engine.state.problems import problems
from tuning.records import StopReason


def chosen(history, key):
    return Chosen(settings=history.trials[key].settings, trials=TRIALS)


def test_a_study_whose_trials_all_ended_as_planned_has_no_problem():
    the_study = study()
    assert list(problems(the_study, done(the_study.cells))) == []


def test_a_trial_that_the_rule_stopped_has_had_its_budget():
    the_study = study()
    history = done(the_study.cells)
    end(history.trials["tune__mlp-deep__decay__001"], StopReason.EARLY_STOPPED, 1)
    assert list(problems(the_study, history)) == []


def test_a_trial_that_diverged_has_had_its_budget_and_is_named():
    the_study = study()
    history = done(the_study.cells)
    end(history.trials["tune__mlp-deep__decay__001"], StopReason.DIVERGED, 1)
    assert list(problems(the_study, history)) == [
        "mlp-deep/decay: 1 of 5 tune trials diverged, so that a loss or a weight was not finite "
        "(tune__mlp-deep__decay__001); they count as the worst there are, and are not tried again"
    ]


def test_a_failed_trial_is_named_and_so_is_its_cell():
    the_study = study()
    history = done(the_study.cells)
    end(history.trials["tune__mlp-deep__decay__001"], StopReason.ERROR, 1, "OSError: no room\n  at line 3")
    assert list(problems(the_study, history)) == [
        "tune__mlp-deep__decay__001 failed: OSError: no room; run again, it is tried anew",
        "mlp-deep/decay: the planned budget was not spent: 4 of 5 tune trials ended as planned (1 failed), "
        "13 of 15 epochs; run again, it goes on",
    ]


def test_trials_that_did_not_begin_or_did_not_end_are_counted():
    the_study = study()
    history = done(the_study.cells, without={"confirm__mlp-tiny__baseline__000"})
    end(history.trials["confirm__mlp-tiny__baseline__001"], StopReason.RUNNING, 2)
    assert list(problems(the_study, history)) == [
        "mlp-tiny/baseline: the planned budget was not spent: 0 of 2 confirm trials ended as planned "
        "(1 unfinished, 1 not begun), 2 of 6 epochs; run again, it goes on"
    ]


@pytest.mark.parametrize(
    ("stopping", "key", "said"),
    [
        (
            "asha",
            "confirm__mlp-tiny__baseline__001",
            "1 of 2 confirm trials ended as planned (1 cut off), 5 of 6 epochs; begin",
        ),
        (
            "none",
            "tune__mlp-tiny__baseline__001",
            "4 of 5 tune trials ended as planned (1 cut off), 14 of 15 epochs; begin",
        ),
    ],
)
def test_where_no_rule_stops_trials_a_short_one_was_cut_off(stopping, key, said):
    the_study = study(search={"trials": TRIALS, "early_stopping": {"name": stopping}})
    history = done(the_study.cells)
    end(history.trials[key], StopReason.EARLY_STOPPED, 2)
    assert said in next(problems(the_study, history))


def test_a_cell_without_a_completed_trial_has_nothing_to_confirm():
    the_study = study()
    keys = {f"confirm__mlp-tiny__decay__{index:03d}" for index in range(SEEDS)}
    history = done(the_study.cells, without=keys)
    for index in range(TRIALS):
        end(history.trials[f"tune__mlp-tiny__decay__{index:03d}"], StopReason.DIVERGED, 1)
    diverged, nothing = problems(the_study, history)
    assert diverged.startswith("mlp-tiny/decay: 5 of 5 tune trials diverged")
    assert nothing == (
        "mlp-tiny/decay: no trial was completed at full budget (5 diverged), so there is nothing to confirm; "
        "begin anew (--fresh) with other ranges"
    )


FURTHER = {
    "confirm": {"seeds": SEEDS, "learning_rate": "matched"},
    "ablate": {"condition": "decay", "factors": {"start": {"initialization": "mup"}, "rule": {"regularizer": "none"}}},
}


def test_before_anything_is_chosen_all_that_may_be_confirmed_is_told_as_not_begun():
    said = list(problems(study(**FURTHER, architectures=tiny()["architectures"][:1]), History()))
    assert {line.split("; ")[1] for line in said} == {"run again, it goes on"}
    assert [line.split("spent: ")[1].split(";")[0] for line in said] == [
        "0 of 5 tune trials ended as planned (5 not begun), 0 of 15 epochs",
        "0 of 2 confirm trials ended as planned (2 not begun), 0 of 6 epochs",
        "0 of 5 tune trials ended as planned (5 not begun), 0 of 15 epochs",
        "0 of 2 confirm trials ended as planned (2 not begun), 0 of 6 epochs",
        "0 of 2 matched trials ended as planned (2 not begun), 0 of 6 epochs",
        "0 of 4 ablate trials ended as planned (4 not begun), 0 of 12 epochs",
    ]


def test_a_cell_that_chose_the_baselines_learning_rate_itself_spent_its_budget_without_training_at_it():
    the_study = study(**{**FURTHER, "ablate": None})
    history = done(the_study.cells)
    for cell in the_study.cells:  # equal draws of the learning rate
        history.chosen[cell.key] = chosen(history, f"tune__{cell.key.replace('/', '__')}__000")
    assert list(problems(the_study, history)) == []
    for name in ("mlp-tiny", "mlp-deep"):
        history.chosen[f"{name}/decay"] = chosen(history, f"tune__{name}__decay__001")
    assert list(problems(the_study, history)) == [
        f"{name}/decay: the planned budget was not spent: 0 of 2 matched trials ended as planned (2 not begun), "
        "0 of 6 epochs; run again, it goes on"
        for name in ("mlp-tiny", "mlp-deep")
    ]
