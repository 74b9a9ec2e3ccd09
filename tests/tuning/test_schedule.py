from types import SimpleNamespace

import pytest
from ray.tune.schedulers import TrialScheduler

from tests.tuning.studies import study
from tuning.engine.history import History, Result
from tuning.engine.schedule import CellScheduler
from tuning.records import Phase

STOP, CONTINUE = TrialScheduler.STOP, TrialScheduler.CONTINUE
ASHA = {"trials": 8, "early_stopping": {"name": "asha", "grace_epochs": 1, "reduction": 2}}


def asha(history=None):
    return CellScheduler(study(search=ASHA), history or History())


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


def test_no_model_is_stopped_because_of_another_kind():
    """MLPs at 90 %, ResNets at 40 %, in turns: the worst of each are stopped, and none across."""
    scheduler = asha()
    decisions = {"mlp-tiny/decay": [], "mlp-deep/decay": []}
    for index in range(6):
        for cell, level in (("mlp-tiny/decay", 0.90), ("mlp-deep/decay", 0.40)):
            report(scheduler, cell, index, 0, 0.0)
            decisions[cell].append(report(scheduler, cell, index, 1, level + 0.01 * index))
    assert decisions == {"mlp-tiny/decay": [CONTINUE] * 6, "mlp-deep/decay": [CONTINUE] * 6}
    assert report(scheduler, "mlp-deep/decay", 6, 0, 0.0) == CONTINUE
    assert report(scheduler, "mlp-deep/decay", 6, 1, 0.39) == STOP


def test_a_cell_stops_its_own_worst():
    assert run(asha(), "mlp-tiny/decay", [0.5, 0.9, 0.1, 0.4]) == [CONTINUE, CONTINUE, STOP, STOP]


def test_a_trial_that_is_never_stopped_ends_with_its_last_epoch():
    scheduler = asha()
    assert [report(scheduler, "mlp-tiny/decay", 0, epoch, 0.5) for epoch in range(4)] == [CONTINUE] * 3 + [STOP]


@pytest.mark.parametrize("accuracy", [0.1, 0.95])
def test_rungs_are_filled_again_from_an_earlier_session(accuracy):
    """Ray forgets a scheduler's state; without it the first trial after a resumption would never be stopped."""
    whole = asha()
    run(whole, "mlp-tiny/decay", [0.5, 0.9, 0.7])
    history = History()
    cell = study(search=ASHA).cells[1]
    for index, value in enumerate([0.5, 0.9, 0.7]):
        past = history.start(cell.settings(Phase.TUNE, index, cell.draw(index)))
        past.results = {e: Result(objective=value * e, loss=1.0, seconds=1.0, diverged=False) for e in (0, 1)}
    resumed = asha(history)
    for scheduler in (whole, resumed):
        report(scheduler, "mlp-tiny/decay", 3, 0, 0.0)
    decisions = [report(scheduler, "mlp-tiny/decay", 3, 1, accuracy) for scheduler in (whole, resumed)]
    assert decisions == [STOP if accuracy < 0.5 else CONTINUE] * 2
