"""What Optuna holds of a trial after its end."""

import math

import pytest
from optuna.trial import TrialState

from tests.tuning.studies import study
from tuning.engine.proposals import OptunaProposals
from tuning.engine.state.history import History, Result, TrialHistory
from tuning.records import LIPSCHITZ_BOUND, SAMPLED, VAL_ACCURACY, Phase
from tuning.settings import to_params
from tuning.store import Journal, RunEnded, RunStarted

ONE_VALUE = ["gp", "cmaes", "nsga2"]
"""The samplers that know trials by their values alone."""


def cell(algorithm="tpe"):
    stopping = {"early_stopping": "none"} if algorithm == "nsga2" else {}
    return study(search={"trials": 9, "seed": 3, "algorithm": algorithm, **stopping}).cells[1]


def trial(epochs, *, objective=0.5, diverged=False, error="", died=False, lipschitz=math.inf):
    last = Result(objective=objective, loss=1.0, seconds=1.0, diverged=diverged, lipschitz=lipschitz)
    results = dict.fromkeys(range(epochs + 1), last)
    history = TrialHistory(cell().settings(Phase.TUNE, 0, cell().draw(0)), results=results, error=error)
    history.begin()
    history.end(died=died)
    return history


def failed(**options):
    return trial(1, error="OutOfMemoryError: …", **options)


def told(*trials, algorithm="tpe"):
    """What Optuna holds of trials that ended one after another."""
    proposals = OptunaProposals(cell(algorithm))
    for finished in trials:
        finished.settings = proposals.propose()
        proposals.finish(finished)
    return proposals._study.study.trials


def values(*trials, algorithm):
    return [stored.values for stored in told(*trials, algorithm=algorithm)]


def test_a_complete_trial_is_told_its_last_value():
    (complete,) = told(trial(3, objective=0.75))
    assert (complete.state, complete.value) == (TrialState.COMPLETE, 0.75)


def test_an_early_stop_is_told_as_pruned_with_its_epochs():
    (stopped,) = told(trial(2))
    assert stopped.state is TrialState.PRUNED
    assert stopped.intermediate_values == {1: 0.5, 2: 0.5}


@pytest.mark.parametrize("algorithm", ["gp", "cmaes"])
def test_a_sampler_that_would_leave_it_out_is_told_the_last_value_of_an_early_stop(algorithm):
    (stopped,) = told(trial(2), algorithm=algorithm)
    assert (stopped.state, stopped.value) == (TrialState.COMPLETE, 0.5)


@pytest.mark.parametrize(("algorithm", "worst"), [("gp", [0.0]), ("cmaes", [0.0]), ("nsga2", [0.0, 308.0])])
def test_a_diverged_trial_is_told_as_the_worst_finite_value_of_every_objective(algorithm, worst):
    (diverged,) = told(trial(2, objective=0.0, diverged=True), algorithm=algorithm)
    assert (diverged.state, diverged.values) == (TrialState.COMPLETE, worst)


@pytest.mark.parametrize("end", [trial(2, objective=0.0, diverged=True), failed()], ids=["diverged", "failed"])
def test_no_stopped_trial_is_ranked_below_one_that_diverged_or_failed(end):
    """Optuna ranks pruned trials below complete ones, and one that has no epoch below all."""
    (told_so,) = told(end)
    assert (told_so.state, told_so.intermediate_values) == (TrialState.PRUNED, {})


@pytest.mark.parametrize("algorithm", ONE_VALUE)
def test_a_failed_trial_is_told_as_the_worst_value_that_any_other_was_told_before(algorithm):
    said = [trial(3, objective=accuracy, lipschitz=bound) for accuracy, bound in ((0.7, 1.0), (0.4, 3.0), (0.6, 4.0))]
    worst = [0.4, 3.0][: 2 if algorithm == "nsga2" else 1]
    assert values(*said[:2], failed(), said[2], algorithm=algorithm)[2] == worst


@pytest.mark.parametrize("algorithm", ONE_VALUE)
def test_trials_that_fail_before_any_value_is_known_wait_for_the_first(algorithm):
    first = trial(3, objective=0.7, lipschitz=1.0)
    known = [0.7, 1.0][: 2 if algorithm == "nsga2" else 1]
    assert values(failed(), failed(), algorithm=algorithm) == [None, None]
    assert values(failed(), failed(), first, algorithm=algorithm) == [known] * 3


@pytest.mark.parametrize("algorithm", SAMPLED)
def test_a_trial_whose_nodes_were_lost_teaches_the_sampler_nothing(algorithm):
    (_, lost) = told(trial(3), trial(2, died=True), algorithm=algorithm)
    assert lost.state is TrialState.FAIL


def test_two_objectives_are_told_as_accuracy_to_maximize_and_lipschitz_bound_to_minimize():
    proposals = OptunaProposals(cell("nsga2"))
    assert [direction.name for direction in proposals._study.study.directions] == ["MAXIMIZE", "MINIMIZE"]
    assert values(trial(3, objective=0.75, lipschitz=2.5), algorithm="nsga2") == [[0.75, 2.5]]


def test_a_network_without_a_finite_bound_is_told_to_have_the_worst():
    assert values(trial(3, objective=0.1), algorithm="nsga2") == [[0.1, 308.0]]


def test_the_lipschitz_bound_is_taken_from_the_records_of_a_trial_that_did_not_diverge():
    assert Result.of({LIPSCHITZ_BOUND: 1.5, VAL_ACCURACY: 0.5}, diverged=False).lipschitz == 1.5
    assert Result.of({VAL_ACCURACY: 0.5}, diverged=False).lipschitz == math.inf
    assert Result.of({LIPSCHITZ_BOUND: 1.0, VAL_ACCURACY: 0.0}, diverged=True).lipschitz == math.inf


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        ("the worker died: ActorDiedError: its node has died", True),
        ("RuntimeError: its worker died 4 times without getting further; it may need more memory", False),
        ("RuntimeError: it gave no sign of life for too long and was ended", False),
        ("OutOfMemoryError: CUDA out of memory", False),
    ],
)
def test_a_later_session_knows_from_the_journal_whether_a_trial_failed_by_its_setting(tmp_path, error, lost):
    settings = cell().settings(Phase.TUNE, 0, cell().draw(0))
    journal = Journal(tmp_path)
    journal.append(RunStarted(key=settings.key, name="", tags={}, params=to_params(settings), time_ms=1))
    journal.append(
        RunEnded(key=settings.key, status="FAILED", tags={"stop_reason": "error", "error": error}, time_ms=2)
    )
    history = History()
    history.recall(journal)
    (recalled,) = history.trials.values()
    assert (recalled.failed_before, recalled.ended, recalled.lost) == (True, False, lost)
    proposals = OptunaProposals(cell(), [recalled])
    (known,) = proposals._study.study.trials
    assert known.state is (TrialState.RUNNING if lost else TrialState.PRUNED)
    assert proposals.propose() == settings
