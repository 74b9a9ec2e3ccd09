from dataclasses import replace

import numpy as np
import optuna
import pytest

from analysis.findings.importance import importances
from tests.analysis import planted

N = 64
DRAWS = np.random.default_rng(19).uniform(size=(2, N))
RATES = 1e-4 * 1e3 ** DRAWS[0]
STRENGTHS = 1e-5 * 1e4 ** DRAWS[1]
SCORES = 0.9 - 0.5 * np.abs(DRAWS[0] - 0.4)  # of the learning rate alone
WEAK = 0.1005  # of the strength, so that it makes a hundredth of the variance


def study(trials=N, **options):
    runs = planted.searched(
        "mlp-small", "decay", SCORES[:trials], rates=RATES.tolist(), strengths=STRENGTHS.tolist(), **options
    )
    return planted.tables(runs)


def test_the_setting_that_alone_matters_is_the_important_one():
    (found,) = importances(study())
    assert list(found.shares) == ["training.learning_rate", "regularizer.strength"]
    assert sum(found.shares.values()) == pytest.approx(1.0)
    assert found.shares["training.learning_rate"] > 0.9
    assert (found.trials, found.refused) == (N, "")


def test_the_shares_are_those_of_a_study_that_optuna_ran_itself():
    ran = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    for rate, strength in zip(RATES, STRENGTHS, strict=True):
        ran.enqueue_trial({"training.learning_rate": rate, "regularizer.strength": strength})

    def objective(trial):
        trial.suggest_float("training.learning_rate", 1e-4, 0.1, log=True)
        trial.suggest_float("regularizer.strength", 1e-5, 0.1, log=True)
        return SCORES[trial.number]

    ran.optimize(objective, n_trials=N)
    expected = [
        optuna.importance.get_param_importances(ran, evaluator=evaluator)
        for evaluator in (
            optuna.importance.FanovaImportanceEvaluator(seed=0),
            optuna.importance.PedAnovaImportanceEvaluator(target_quantile=0.1, evaluate_on_local=False),
        )
    ]
    (found,) = importances(study())
    assert found.shares == pytest.approx(expected[0], rel=1e-9)
    assert found.among_best == pytest.approx(expected[1], rel=1e-9)


@pytest.mark.parametrize(
    ("sampler", "trials"),
    [
        (optuna.samplers.RandomSampler, 64),
        (optuna.samplers.TPESampler, 40),
        (optuna.samplers.CmaEsSampler, 40),
        (optuna.samplers.GPSampler, 24),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
@pytest.mark.parametrize("seed", range(3))
def test_a_setting_that_makes_nearly_all_of_the_variance_is_said_to_however_it_was_searched(sampler, trials, seed):
    """The learning rate makes 99 % of the variance over the ranges, the strength 1 %; both have their best inside."""
    found = importances(planted.tables(ran(sampler(seed=seed), trials)))[0]
    assert found.shares["training.learning_rate"] > 0.8


def test_among_the_best_a_search_that_learns_makes_shares_alike():
    """Why the shares of PED-ANOVA are not said to be those of the variance."""
    found = [importances(planted.tables(ran(optuna.samplers.TPESampler(seed=seed), 40)))[0] for seed in range(3)]
    assert min(importance.among_best["training.learning_rate"] for importance in found) < 0.7
    drawn = importances(planted.tables(ran(optuna.samplers.RandomSampler(seed=0), 64)))[0]
    assert drawn.among_best["training.learning_rate"] > 0.7


def ran(sampler, trials):
    """The runs of a search of its own, with the noise that seeds give."""
    noise = np.random.default_rng(19).normal(scale=0.002, size=trials)

    def objective(trial):
        rate, strength = trial.suggest_float("rate", 0, 1), trial.suggest_float("strength", 0, 1)
        return 0.9 - (rate - 0.4) ** 2 - WEAK * (strength - 0.6) ** 2 + noise[trial.number]

    searched = optuna.create_study(direction="maximize", sampler=sampler)
    searched.optimize(objective, n_trials=trials)
    return planted.searched(
        "mlp-small",
        "decay",
        [trial.value for trial in searched.trials],
        rates=[1e-4 * 1e3 ** trial.params["rate"] for trial in searched.trials],
        strengths=[1e-5 * 1e4 ** trial.params["strength"] for trial in searched.trials],
    )


def test_the_planted_variance_is_99_to_1():
    even = (np.arange(10_000) + 0.5) / 10_000
    rate, strength = np.var((even - 0.4) ** 2), np.var(WEAK * (even - 0.6) ** 2)
    assert rate / (rate + strength) == pytest.approx(0.99, abs=1e-3)


def test_trials_of_one_score_tell_no_importance_and_say_so():
    runs = planted.searched("mlp-small", "decay", [0.5] * N, rates=RATES.tolist(), strengths=STRENGTHS.tolist())
    (found,) = importances(planted.tables(runs))
    assert (found.shares, found.among_best) == ({}, {})
    assert found.refused == f"importance needs trials that differ, got {N} of one score"


def test_few_trials_tell_no_importance_and_say_so():
    (found,) = importances(study(9))
    assert found.shares == {}
    assert found.refused == "importance needs 10 trials of full budget, got 9"


def test_what_was_stopped_early_does_not_count():
    (found,) = importances(study(reasons={number: "early_stopped" for number in range(N - 9)}))
    assert found.trials == 9


def test_a_cell_with_one_searched_setting_has_nothing_to_compare():
    runs = planted.searched("mlp-small", "baseline", SCORES, rates=RATES.tolist())
    assert importances(planted.tables(runs)) == ()


def test_optunas_own_messages_stay_as_they_were():
    before = optuna.logging.get_verbosity()
    importances(study())
    assert optuna.logging.get_verbosity() == before


@pytest.mark.parametrize(
    ("strength", "values"),
    [
        ({"choice": [32, 64]}, [32, 64]),
        ({"choice": [1, 0.5]}, [1.0, 0.5]),
        ({"choice": [True, False]}, [True, False]),
        ({"int_uniform": [1, 4]}, [1, 4]),
        ({"uniform": [0.0, 1.0]}, [0.0, 1.0]),
    ],
    ids=str,
)
def test_every_kind_of_range_is_understood(strength, values):
    tables = study()
    tables = replace(
        tables,
        study_data={
            **tables.study_data,
            "conditions": {"decay": {"regularizer": "weight_decay", "strength": strength}},
        },
        runs=tables.runs.assign(**{"param/regularizer.strength": [values[int(2 * draw)] for draw in DRAWS[1]]}),
    )
    (found,) = importances(tables)
    assert found.shares["training.learning_rate"] > found.shares["regularizer.strength"] >= 0.0
