"""What a study asked, from the plain data that a real study gives."""

import json

import pytest

from analysis.tables.study_queries import described, searched, surroundings
from tests.tuning.studies import study
from tuning.records import Phase
from tuning.settings import to_params

PARTS = [
    {"regularizer": "weight_decay", "strength": {"log_uniform": [1e-4, 1e-1]}, "where": ["hidden", "head"]},
    {"regularizer": "spectral_projection", "bound": {"uniform": [1.0, 4.0]}},
]
STUDY = study(
    conditions={
        "both": {"regularizer": "combined", "parts": PARTS},
        "cap": {
            "regularizer": "spectral_soft_cap",
            "bound": {"choice": [2.0, 4.0]},
            "where": ["hidden"],
            "optimizer": {"name": "muon", "momentum": {"uniform": [0.8, 0.98]}, "newton_schulz": "modded"},
            "initialization": "mup",
            "learning_rate": {"log_uniform": [1e-3, 1e-1]},
        },
        "hammer": {"regularizer": "spectral_hammer", "scale": {"uniform": [0.5, 2.0]}},
    },
    training={"optimizer": {"name": "sgd", "momentum": {"uniform": [0.5, 0.9]}}, "epochs": 3, "batch_size": 256},
)
ASKED = json.loads(json.dumps(STUDY.as_data()))


@pytest.mark.parametrize("cell", STUDY.cells, ids=lambda cell: cell.key)
def test_what_was_searched_is_the_space_of_the_cell_under_the_names_of_the_stored_params(cell):
    names = searched(ASKED, cell.condition_name)
    assert names == list(cell.space)
    assert set(names) <= set(to_params(cell.settings(Phase.TUNE, 0, cell.draw(0))))


def test_the_parts_of_a_combination_are_searched_by_their_numbers():
    held = [name for name in searched(ASKED, "both") if name.startswith("regularizer.")]
    assert held == ["regularizer.parts.0.strength", "regularizer.parts.1.bound"]


def test_the_parts_of_a_combination_are_described_by_their_numbers():
    assert described(ASKED)["both"] == (
        "combined: parts.0 weight_decay; parts.0.strength in [0.0001, 0.1], log scale; parts.0.where hidden, head; "
        "parts.1 spectral_projection; parts.1.bound in [1, 4]; learning rate in [0.001, 0.1], log scale; "
        "batch size 256; optimizer sgd; momentum in [0.5, 0.9]"
    )


def test_a_condition_is_described_with_its_own_optimizer_initialization_and_learning_rate():
    assert described(ASKED)["cap"] == (
        "spectral_soft_cap: bound one of 2, 4; where hidden; learning rate in [0.001, 0.1], log scale; "
        "batch size 256; optimizer muon; momentum in [0.8, 0.98]; newton schulz modded; initialization mup"
    )


def test_the_search_is_described_with_its_stopping_rule_starting_points_and_whether_it_repeats():
    points = [{"condition": "hammer", "scale": 1.5}, {"learning_rate": 0.01}]
    stopping = {"name": "median", "grace_epochs": 2}
    search = {"algorithm": "sobol", "trials": 8, "early_stopping": stopping, "points": points}
    study_data = study(conditions=STUDY.conditions, search=search).as_data()
    assert surroundings(study_data)["Search"] == (
        "sobol, 8 trials a cell, seed 0, early stopping median · grace epochs 2, min trials 3, first tried: condition "
        "hammer, scale 1.5; learning rate 0.01. The search repeats its settings exactly at any concurrency, but "
        "which of them are stopped early depends on the order in which trials report (at concurrency 1 all repeats "
        "exactly)."
    )


def test_a_search_stored_before_there_were_points_is_described():
    study_data = study(search={"trials": 2, "concurrency": 1}).as_data()
    del study_data["search"]["points"]
    assert surroundings(study_data)["Search"] == (
        "tpe, 2 trials a cell, seed 0, early stopping none. The search repeats exactly: it runs one trial at a time."
    )
