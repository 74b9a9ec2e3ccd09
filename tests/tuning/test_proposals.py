import optuna
import pytest
from optuna.trial import TrialState

from tests.tuning.studies import study
from tuning.engine.history import History, Result, TrialHistory, best
from tuning.engine.proposals import FixedProposals, OptunaProposals
from tuning.records import Phase

SEARCH = {"trials": 9, "seed": 3}


def cell(index=1):
    return study(search=SEARCH).cells[index]


def scored(settings):
    """A trial whose accuracy peaks where the learning rate is 1e-2: what a search should find."""
    distance = abs(settings.training.learning_rate - 1e-2) * 10
    trial = TrialHistory(settings)
    for epoch in range(4):
        trial.results[epoch] = Result(objective=epoch / 3 * (1 - distance), loss=distance, seconds=1.0, diverged=False)
    trial.end(died=False)
    return trial


def searched(proposals, count):
    trials = []
    for _ in range(count):
        trials.append(scored(proposals.propose()))
        proposals.finish(trials[-1])
    return trials


def rates(trials):
    return [trial.settings.training.learning_rate for trial in trials]


def test_the_first_draws_are_common_and_the_rest_is_the_samplers():
    trials = searched(OptunaProposals(cell()), 9)
    drawn = [cell().draw(index)["training.learning_rate"] for index in range(9)]
    assert rates(trials)[:4] == drawn[:4]
    assert not set(rates(trials)[4:]) & set(drawn[4:])


def test_the_same_seed_proposes_the_same_and_another_seed_something_else():
    assert rates(searched(OptunaProposals(cell()), 9)) == rates(searched(OptunaProposals(cell()), 9))
    other = study(search={**SEARCH, "seed": 4}).cells[1]
    assert rates(searched(OptunaProposals(other), 9)) != rates(searched(OptunaProposals(cell()), 9))


@pytest.mark.parametrize("done", range(9))
def test_a_search_that_goes_on_proposes_what_the_uninterrupted_one_did(done):
    whole = searched(OptunaProposals(cell()), 9)
    rest = searched(OptunaProposals(cell(), whole[:done]), 9 - done)
    assert rates(whole[:done] + rest) == rates(whole)


def test_a_trial_that_was_cut_off_is_proposed_again_first_with_its_settings():
    whole = searched(OptunaProposals(cell()), 5)
    cut = TrialHistory(whole[4].settings, results={0: whole[4].results[0]})
    again = OptunaProposals(cell(), [*whole[:4], cut])
    assert again.propose() == whole[4].settings
    assert again.propose().index == 5


def test_a_search_ends_with_its_plan():
    proposals = OptunaProposals(cell())
    searched(proposals, 9)
    assert proposals.proposed == proposals.planned == 9


def told(trial):
    """What Optuna holds of a trial after its end."""
    proposals = OptunaProposals(cell())
    trial.settings = proposals.propose()
    proposals.finish(trial)
    return proposals._study.trials[0]


def trial(epochs, *, objective=0.5, diverged=False, error="", died=False):
    results = {e: Result(objective=objective, loss=1.0, seconds=1.0, diverged=diverged) for e in range(epochs + 1)}
    history = TrialHistory(cell().settings(Phase.TUNE, 0, cell().draw(0)), results=results, error=error)
    history.end(died=died)
    return history


def test_an_early_stop_is_told_as_pruned_with_its_epochs():
    stopped = told(trial(2))
    assert stopped.state is TrialState.PRUNED
    assert stopped.intermediate_values == {1: 0.5, 2: 0.5}


def test_a_diverged_trial_is_told_as_the_worst_finite_value():
    diverged = told(trial(2, objective=0.0, diverged=True))
    assert (diverged.state, diverged.value) == (TrialState.COMPLETE, 0.0)


@pytest.mark.parametrize("how", [{"error": "RuntimeError: …"}, {"died": True}], ids=["raised", "died"])
def test_a_failed_trial_teaches_the_sampler_nothing(how):
    assert told(trial(3, **how)).state is TrialState.FAIL


def test_a_complete_trial_is_told_its_last_value():
    complete = told(trial(3, objective=0.75))
    assert (complete.state, complete.value) == (TrialState.COMPLETE, 0.75)


def test_fixed_proposals_are_handed_out_in_order_and_counted():
    chosen = [cell().settings(Phase.CONFIRM, index, cell().draw(0)) for index in range(3)]
    proposals = FixedProposals(chosen)
    assert [proposals.propose() for _ in range(3)] == chosen
    assert proposals.proposed == proposals.planned == 3


def test_the_best_is_chosen_at_full_budget_by_accuracy_then_loss_then_order():
    def one(index, epochs, objective, loss, diverged=False):
        settings = cell().settings(Phase.TUNE, index, cell().draw(index))
        history = TrialHistory(
            settings, results={epochs: Result(objective=objective, loss=loss, seconds=1, diverged=diverged)}
        )
        history.end(died=False)
        return history

    stopped_early, second, chosen, tied = (
        one(0, 1, 0.99, 0.1),
        one(1, 3, 0.9, 0.2),
        one(2, 3, 0.9, 0.1),
        one(3, 3, 0.9, 0.1),
    )
    diverged = one(4, 3, 1.0, 0.0, diverged=True)
    assert best([stopped_early, second, tied, chosen, diverged]) is chosen
    assert best([stopped_early, diverged]) is None


def test_history_groups_by_cell_and_phase_in_order():
    history = History()
    for index in (2, 0, 1):
        history.start(cell().settings(Phase.TUNE, index, cell().draw(index)))
    history.start(cell(0).settings(Phase.TUNE, 0, cell(0).draw(0)))
    assert [t.settings.index for t in history.of("mlp-tiny/decay", Phase.TUNE)] == [0, 1, 2]
    assert history.of("mlp-tiny/decay", Phase.CONFIRM) == []


def test_optuna_is_silent():
    OptunaProposals(cell())
    assert optuna.logging.get_verbosity() == optuna.logging.ERROR
