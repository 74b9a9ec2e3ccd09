from types import SimpleNamespace

import pytest
from ray.tune.schedulers import TrialScheduler

from tests.tuning.studies import study
from tuning.engine.state.history import History, Result
from tuning.engine.tune.schedule import CellScheduler
from tuning.records import Phase

STOP, CONTINUE = TrialScheduler.STOP, TrialScheduler.CONTINUE
ASHA = {"name": "asha", "grace_epochs": 1, "reduction": 2}
MEDIAN = {"name": "median", "grace_epochs": 1, "min_trials": 2}
BOTH = pytest.mark.parametrize("rule", [ASHA, MEDIAN], ids=lambda rule: rule["name"])


def a_study(rule):
    return study(search={"trials": 8, "early_stopping": rule})


def scheduler_of(rule, history=None):
    return CellScheduler(a_study(rule), history or History())


def report(scheduler, cell, index, epoch, accuracy):
    trial = SimpleNamespace(trial_id=f"{cell}-{index}", config={"cell": cell, "key": f"{cell}-{index}"})
    if epoch == 0:
        scheduler.on_trial_add(None, trial)
    return scheduler.on_trial_result(None, trial, {"epoch": epoch, "objective": accuracy})


def run(scheduler, cell, accuracies):
    """Return what is decided after the first epoch of each trial, one after another."""
    decisions = []
    for index, accuracy in enumerate(accuracies):
        assert report(scheduler, cell, index, 0, 0.0) == CONTINUE
        decisions.append(report(scheduler, cell, index, 1, accuracy))
    return decisions


@BOTH
def test_no_model_is_stopped_because_of_another_kind(rule):
    """MLPs at 90 %, ResNets at 40 %, in turns: the worst of each are stopped, and none across."""
    scheduler = scheduler_of(rule)
    decisions = {"mlp-tiny/decay": [], "mlp-deep/decay": []}
    for index in range(6):
        for cell, level in (("mlp-tiny/decay", 0.90), ("mlp-deep/decay", 0.40)):
            report(scheduler, cell, index, 0, 0.0)
            decisions[cell].append(report(scheduler, cell, index, 1, level + 0.01 * index))
    assert decisions == {"mlp-tiny/decay": [CONTINUE] * 6, "mlp-deep/decay": [CONTINUE] * 6}
    assert report(scheduler, "mlp-deep/decay", 6, 0, 0.0) == CONTINUE
    assert report(scheduler, "mlp-deep/decay", 6, 1, 0.39) == STOP


def test_asha_stops_a_cells_own_worst():
    assert run(scheduler_of(ASHA), "mlp-tiny/decay", [0.5, 0.9, 0.1, 0.4]) == [CONTINUE, CONTINUE, STOP, STOP]


def test_the_median_rule_stops_what_lies_below_the_median_of_two_others_or_more():
    """The medians that trials meet, from the third on: 0.3, 0.5, 0.55, 0.5, 0.525."""
    decisions = run(scheduler_of(MEDIAN), "mlp-tiny/decay", [0.5, 0.1, 0.9, 0.6, 0.4, 0.55, 0.51])
    assert decisions == [CONTINUE, CONTINUE, CONTINUE, CONTINUE, STOP, CONTINUE, STOP]


def test_the_median_is_of_running_means_and_met_by_a_trials_best():
    """Two others with running means 0.5 and 0.6 at the second epoch: their median is 0.55."""
    cell = "mlp-tiny/decay"
    for best, decision in ((0.54, STOP), (0.56, CONTINUE)):
        scheduler = scheduler_of({**MEDIAN, "grace_epochs": 1})
        for index, (first, second) in enumerate([(0.2, 0.8), (0.5, 0.7)]):
            assert [report(scheduler, cell, index, e, a) for e, a in ((0, 0), (1, first), (2, second))] == [
                CONTINUE
            ] * 3
        assert report(scheduler, cell, 2, 0, 0.0) == CONTINUE
        assert report(scheduler, cell, 2, 1, best) == CONTINUE  # above 0.35, the median at the first epoch
        assert report(scheduler, cell, 2, 2, 0.1) == decision


@BOTH
def test_no_trial_is_stopped_before_its_grace_is_over(rule):
    scheduler = scheduler_of({**rule, "grace_epochs": 2})
    assert run(scheduler, "mlp-tiny/decay", [0.9, 0.8, 0.7, 0.1]) == [CONTINUE] * 4
    for index in range(3):
        assert report(scheduler, "mlp-tiny/decay", index, 2, 0.9) == CONTINUE
    assert report(scheduler, "mlp-tiny/decay", 3, 2, 0.1) == STOP


def test_the_median_rule_waits_for_as_many_others_as_it_is_told():
    few, many = scheduler_of(MEDIAN), scheduler_of({**MEDIAN, "min_trials": 4})
    assert run(few, "mlp-tiny/decay", [0.9, 0.8, 0.7, 0.1]) == [CONTINUE, CONTINUE, STOP, STOP]
    assert run(many, "mlp-tiny/decay", [0.9, 0.8, 0.7, 0.1, 0.1]) == [CONTINUE] * 4 + [STOP]


def test_a_trial_that_is_never_stopped_ends_with_its_last_epoch():
    scheduler = scheduler_of(ASHA)
    assert [report(scheduler, "mlp-tiny/decay", 0, epoch, 0.5) for epoch in range(4)] == [CONTINUE] * 3 + [STOP]


@BOTH
def test_an_epoch_that_is_trained_once_more_counts_once(rule):
    """A worker that died begins again at its checkpoint; what it says again is no new result."""
    scheduler = scheduler_of(rule)
    run(scheduler, "mlp-tiny/decay", [0.5, 0.9, 0.7])
    again = [report(scheduler, "mlp-tiny/decay", index, 1, 0.0) for index in range(3) for _ in range(4)]
    assert again == [CONTINUE] * 12
    assert report(scheduler, "mlp-tiny/decay", 3, 0, 0.0) == CONTINUE
    assert report(scheduler, "mlp-tiny/decay", 3, 1, 0.65) == STOP


@BOTH
@pytest.mark.parametrize("accuracy", [0.1, 0.65, 0.75, 0.95])
def test_a_rule_knows_the_trials_of_an_earlier_session(rule, accuracy):
    """Ray forgets a scheduler's state; without it the first trial after a resumption would never be stopped."""
    accuracies = [0.9, 0.5, 0.8, 0.7]
    whole = scheduler_of(rule)
    run(whole, "mlp-tiny/decay", accuracies)
    history = History()
    cell = a_study(rule).cells[1]
    for index, value in enumerate(accuracies):
        past = history.start(cell.settings(Phase.TUNE, index, cell.draw(index)))
        past.results = {e: Result(objective=value * e, loss=1.0, seconds=1.0, diverged=False) for e in (0, 1)}
    resumed = scheduler_of(rule, history)
    for scheduler in (whole, resumed):
        report(scheduler, "mlp-tiny/decay", 4, 0, 0.0)
    decisions = [report(scheduler, "mlp-tiny/decay", 4, 1, accuracy) for scheduler in (whole, resumed)]
    assert decisions == [STOP if accuracy < 0.75 else CONTINUE] * 2


def test_a_rule_keeps_two_numbers_of_a_result():
    """Ray's median rule keeps every result for ever; singular values would fill the memory."""
    scheduler = scheduler_of(MEDIAN)
    trial = SimpleNamespace(trial_id="a", config={"cell": "mlp-tiny/decay", "key": "a"})
    scheduler.on_trial_add(None, trial)
    scheduler.on_trial_result(None, trial, {"epoch": 1, "objective": 0.5, "record": object()})
    (kept,) = scheduler._rules["mlp-tiny/decay"]._results.values()
    assert kept == [{"epoch": 1, "objective": 0.5}]
