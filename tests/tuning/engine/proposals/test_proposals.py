import math

import optuna
import pytest

from tests.tuning.studies import study
from tuning.engine.proposals import FixedProposals, OptunaProposals, proposals_of
from tuning.engine.proposals.samplers import SAMPLERS
from tuning.engine.state.history import History, Result, TrialHistory, best
from tuning.engine.state.trial_life import Stage
from tuning.records import ALGORITHMS, DRAWN, SAMPLED, Phase

SEARCH = {"trials": 9, "seed": 3}
CHOICES = {"learning_rate": {"choice": [0.1, 0.03, 0.01]}}
STRENGTHS = {"a": {"regularizer": "weight_decay", "strength": {"choice": [0.1, 0.01, 0.001]}}}


def cell(index=1, **search):
    return study(search={**SEARCH, **search}).cells[index]


def cell_of(algorithm, **search):
    if algorithm == "grid":  # of nine points
        return study(shared=CHOICES, conditions=STRENGTHS, search={**SEARCH, "algorithm": "grid", **search}).cells[0]
    return cell(algorithm=algorithm, **search)


def scored(settings):
    """A trial whose accuracy peaks where the learning rate is 1e-2: what a search should find."""
    distance = abs(settings.training.learning_rate - 1e-2) * 10
    trial = TrialHistory(settings, stage=Stage.RUNNING)
    for epoch in range(4):
        trial.results[epoch] = Result(
            objective=epoch / 3 * (1 - distance),
            loss=distance,
            seconds=1.0,
            diverged=False,
            lipschitz=math.log10(settings.training.learning_rate),
        )
    trial.end(died=False)
    return trial


def length(algorithm):
    """A Gaussian process is fitted before each proposal, in up to a second."""
    return 6 if algorithm == "gp" else 9


def searched(proposals, count):
    trials = []
    for _ in range(count):
        trials.append(scored(proposals.propose()))
        proposals.finish(trials[-1])
    return trials


def rates(trials):
    return [trial.settings.training.learning_rate for trial in trials]


def settings_of(trials):
    return [trial.settings for trial in trials]


def test_the_first_draws_are_common_and_the_rest_is_the_samplers():
    trials = searched(OptunaProposals(cell()), 9)
    drawn = [cell().draw(index)["training.learning_rate"] for index in range(9)]
    assert rates(trials)[:4] == drawn[:4]
    assert not set(rates(trials)[4:]) & set(drawn[4:])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_same_seed_proposes_the_same_and_another_seed_something_else(algorithm):
    count = length(algorithm)
    first, again = (searched(proposals_of(cell_of(algorithm)), count) for _ in range(2))
    assert settings_of(first) == settings_of(again)
    if algorithm != "grid":
        other = searched(proposals_of(cell_of(algorithm, seed=4)), count)
        assert not set(rates(other)) & set(rates(first))


@pytest.mark.parametrize("algorithm", [*SAMPLED, "sobol"])
@pytest.mark.parametrize("left", [1, 4])
def test_a_search_that_goes_on_proposes_what_the_uninterrupted_one_did(algorithm, left):
    count = length(algorithm)
    whole = searched(proposals_of(cell_of(algorithm)), count)
    rest = searched(proposals_of(cell_of(algorithm), whole[:-left]), left)
    assert settings_of(whole[:-left] + rest) == settings_of(whole)


@pytest.mark.parametrize("algorithm", ["tpe", "cmaes", "nsga2"])
@pytest.mark.parametrize("done", range(0, 30, 4))
def test_a_longer_search_that_goes_on_knows_its_generations_again(algorithm, done):
    """Two hyperparameters: six trials are a generation of CMA-ES; seven, a quarter of thirty, one of NSGA-II."""
    whole = searched(proposals_of(cell_of(algorithm, trials=30)), 30)
    rest = searched(proposals_of(cell_of(algorithm, trials=30), whole[:done]), 30 - done)
    assert settings_of(whole[:done] + rest) == settings_of(whole)


@pytest.mark.parametrize("algorithm", ["cmaes", "nsga2"])
def test_trials_are_counted_into_generations_from_the_first_on(algorithm):
    proposals = proposals_of(cell_of(algorithm, trials=30))
    searched(proposals, 30)
    size = {"cmaes": 4 + int(3 * math.log(2)), "nsga2": 7}[algorithm]
    skipped = {"cmaes": 1, "nsga2": 0}[algorithm]  # CMA-ES begins at the middle of the ranges, after a common draw
    found = [
        next((value for key, value in trial.system_attrs.items() if key.endswith(":generation")), None)
        for trial in proposals._study.study.trials
    ]
    assert found == [None] * skipped + [index // size for index in range(30 - skipped)]


@pytest.mark.parametrize("algorithm", ["sobol", "random", "grid"])
def test_what_is_drawn_does_not_depend_on_what_trials_say_nor_on_when_they_end(algorithm):
    of_algorithm = cell_of(algorithm)
    proposals = proposals_of(of_algorithm)
    together = [proposals.propose() for _ in range(9)]
    for settings in reversed(together):
        failed = TrialHistory(settings, error="RuntimeError: …", stage=Stage.RUNNING)
        failed.end(died=False)
        proposals.finish(failed)
    assert together == settings_of(searched(proposals_of(of_algorithm), 9))
    assert together == [of_algorithm.settings(Phase.TUNE, index, of_algorithm.draw(index)) for index in range(9)]


def test_a_drawn_trial_that_was_cut_off_or_failed_is_proposed_again_and_no_other():
    whole = searched(proposals_of(cell_of("sobol")), 6)
    cut = TrialHistory(whole[2].settings, results={0: whole[2].results[0]})
    again = proposals_of(cell_of("sobol"), [*whole[:2], cut, *whole[3:]])
    assert (again.proposed, again.planned) == (5, 9)
    assert [again.propose().index for _ in range(4)] == [2, 6, 7, 8]
    assert again.proposed == again.planned


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_cell_that_searches_nothing_repeats_its_constants(algorithm):
    fixed = study(
        shared={"learning_rate": 0.01},
        conditions={"a": {"regularizer": "none"}},
        search={"algorithm": algorithm, "trials": 1},
    ).cells[0]
    assert rates(searched(proposals_of(fixed), 1)) == [0.01]


@pytest.mark.parametrize("algorithm", ["sobol", "random", *SAMPLED])
def test_starting_points_come_first_whatever_the_algorithm(algorithm):
    points = [{"learning_rate": 0.02, "strength": 0.03}, {"learning_rate": 0.05}]
    of_algorithm = cell_of(algorithm, points=points)
    trials = searched(proposals_of(of_algorithm), 4)
    assert rates(trials)[:2] == [0.02, 0.05]
    assert trials[0].settings.regularizer.strength == 0.03
    assert trials[1].settings.regularizer.strength == cell_of(algorithm).draw(1)["regularizer.strength"]


def test_more_starting_points_than_common_draws_are_all_tried():
    points = [{"learning_rate": 0.01 * number} for number in range(1, 8)]
    assert rates(searched(OptunaProposals(cell(points=points)), 7)) == pytest.approx([0.01 * n for n in range(1, 8)])


@pytest.mark.parametrize(("algorithm", "trials"), [("tpe", 24), ("gp", 8), ("cmaes", 24)])
def test_a_search_comes_nearer_to_the_best_than_its_common_draws(algorithm, trials):
    of_algorithm = cell_of(algorithm, trials=trials)
    distances = [abs(math.log10(rate / 1e-2)) for rate in rates(searched(proposals_of(of_algorithm), trials))]
    drawn = [abs(math.log10(of_algorithm.draw(index)["training.learning_rate"] / 1e-2)) for index in range(trials)]
    assert sum(distances[-4:]) / 4 < sum(drawn) / trials


def test_a_search_ends_with_its_plan():
    proposals = OptunaProposals(cell())
    searched(proposals, 9)
    assert proposals.proposed == proposals.planned == 9


def test_nsga2_moves_towards_the_pareto_front():
    """Accuracy wants the learning rate 1e-2, the bound a small one: all between 1e-3 and 1e-2 is Pareto-optimal."""
    trials = searched(proposals_of(cell_of("nsga2", trials=80)), 80)
    optimal = [rate <= 1e-2 for rate in rates(trials)]
    assert sum(optimal[-20:]) > sum(optimal[:20])


def test_every_algorithm_is_drawn_or_sampled():
    assert set(SAMPLERS) == set(SAMPLED)
    assert set(ALGORITHMS) == set(DRAWN) | set(SAMPLED)


def test_fixed_proposals_are_handed_out_in_order_and_counted():
    chosen = [cell().settings(Phase.CONFIRM, index, cell().draw(0)) for index in range(3)]
    proposals = FixedProposals(chosen)
    assert [proposals.propose() for _ in range(3)] == chosen
    assert proposals.proposed == proposals.planned == 3


def test_the_best_is_chosen_at_full_budget_by_accuracy_then_loss_then_order():
    def ended(index, epochs, objective, loss, diverged=False):
        settings = cell().settings(Phase.TUNE, index, cell().draw(index))
        history = TrialHistory(
            settings,
            results={epochs: Result(objective=objective, loss=loss, seconds=1, diverged=diverged)},
            stage=Stage.RUNNING,
        )
        history.end(died=False)
        return history

    stopped_early, second, chosen, tied = (
        ended(0, 1, 0.99, 0.1),
        ended(1, 3, 0.9, 0.2),
        ended(2, 3, 0.9, 0.1),
        ended(3, 3, 0.9, 0.1),
    )
    diverged = ended(4, 3, 1.0, 0.0, diverged=True)
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
