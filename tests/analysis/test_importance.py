from dataclasses import replace

import numpy as np
import optuna
import pytest

from analysis.importance import importances
from tests.analysis import planted

N = 64
DRAWS = np.random.default_rng(19).uniform(size=(2, N))
RATES = 1e-4 * 1e3 ** DRAWS[0]
STRENGTHS = 1e-5 * 1e4 ** DRAWS[1]
SCORES = 0.9 - 0.5 * np.abs(DRAWS[0] - 0.4)  # of the learning rate alone


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
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=0.1)
    expected = optuna.importance.get_param_importances(ran, evaluator=evaluator)
    (found,) = importances(study())
    assert found.shares == pytest.approx(expected, rel=1e-9)


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
    ("asked", "values"),
    [
        ({"choice": [32, 64]}, [32, 64]),
        ({"choice": [1, 0.5]}, [1.0, 0.5]),
        ({"choice": [True, False]}, [True, False]),
        ({"int_uniform": [1, 4]}, [1, 4]),
        ({"uniform": [0.0, 1.0]}, [0.0, 1.0]),
    ],
    ids=str,
)
def test_every_kind_of_range_is_understood(asked, values):
    tables = study()
    tables = replace(
        tables,
        asked={**tables.asked, "conditions": {"decay": {"regularizer": "weight_decay", "strength": asked}}},
        runs=tables.runs.assign(**{"param/regularizer.strength": [values[int(2 * draw)] for draw in DRAWS[1]]}),
    )
    (found,) = importances(tables)
    assert found.shares["training.learning_rate"] > found.shares["regularizer.strength"] >= 0.0
