"""When a search takes over from the common draws, and which are too small for it to."""

import pytest

from tests.tuning.studies import study
from tuning.records import SAMPLED
from tuning.study import startup

RANGE = {"log_uniform": [1e-3, 1e-1]}
LEAST = {"gp": 5, "cmaes": 8, "nsga2": 5}
"""Trials of a cell with two hyperparameters of which one rests on others."""


def search(algorithm, trials, **changes):
    return study(
        search={"algorithm": algorithm, "trials": trials, "early_stopping": "none"},
        **{"conditions": {"decay": {"regularizer": "weight_decay", "strength": RANGE}}, **changes},
    ).search


def test_every_sampler_takes_over_after_a_number_of_draws_that_leaves_it_trials():
    assert {name: [startup(name, trials) for trials in (1, 4, 9, 40, 400)] for name in SAMPLED} == {
        "tpe": [1, 4, 4, 10, 10],
        "gp": [1, 4, 4, 10, 10],
        "cmaes": [1, 1, 1, 1, 1],
        "nsga2": [1, 4, 4, 10, 50],
    }


@pytest.mark.parametrize(("algorithm", "least"), LEAST.items())
def test_a_search_that_could_learn_nothing_is_refused(algorithm, least):
    rule = f"decay: {algorithm} learns nothing from its first {least - 1} trials"
    with pytest.raises(ValueError, match=f"{rule}, got trials {least - 1}; raise trials above {least - 1}, or"):
        search(algorithm, least - 1)
    assert search(algorithm, least).trials == least


def test_the_default_of_a_small_search_is_draws():
    assert search("tpe", 1).trials == 1


@pytest.mark.parametrize("algorithm", SAMPLED)
def test_where_nothing_is_searched_nothing_is_to_be_learnt(algorithm):
    constant = {"decay": {"regularizer": "weight_decay", "strength": 0.01}}
    assert search(algorithm, 1, conditions=constant, shared={"learning_rate": 0.01}).trials == 1
