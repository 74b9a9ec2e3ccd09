"""A study stored before studies wrote their answers down is read as one that has."""

import pytest

from analysis.tables.older_studies import derived
from analysis.tables.study_queries import answers_of, compared_with, described, ranges
from tests.tuning.studies import study
from tuning.study import answers, load, shipped

PARTS = [
    {"regularizer": "weight_decay", "strength": 0.01, "where": ["hidden", "head"]},
    {"regularizer": "spectral_projection", "bound": {"log_uniform": [1, 10]}, "every": {"choice": [1, 5]}},
]
STUDIES = {
    **{name: load(name) for name in shipped()},
    "tiny": study(),
    "own settings": study(
        conditions={
            "plain": {"regularizer": "none"},
            "held": {
                "regularizer": "spectral_norm_scaling",
                "scale": {"uniform": [1, 2]},
                "optimizer": {"name": "muon", "momentum": {"uniform": [0.8, 0.98]}, "nesterov": True},
                "learning_rate": {"log_uniform": [1e-2, 1.0]},
                "initialization": "orthogonal",
            },
            "both": {"regularizer": "combined", "parts": PARTS},
        },
        shared={"learning_rate": 0.1, "batch_size": {"choice": [32, 64]}},
    ),
    "matched and ablated": study(
        confirm={"seeds": 2, "learning_rate": "matched"},
        ablate={"condition": "decay", "factors": {"start": {"initialization": "mup"}}},
    ),
}


@pytest.mark.parametrize("name", STUDIES)
def test_what_is_derived_is_what_the_study_writes_down_in_the_same_order(name):
    whole = STUDIES[name]
    for cell in whole.cells:
        written = answers(whole)["conditions"][cell.condition_name]
        found = derived(whole.as_data(), cell.condition_name)
        assert found == written
        assert list(found["values"]) == list(written["values"])


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_with_answers_is_read_as_one_without(name):
    whole = STUDIES[name]
    older = whole.as_data()
    newer = older | {"answers": answers(whole)}
    assert described(newer) == described(older)
    assert compared_with(newer, list(whole.conditions)) == compared_with(older, list(whole.conditions))
    for cell in whole.cells:
        where = cell.architecture.name, cell.condition_name
        assert answers_of(newer, *where) == answers_of(older, *where)
        assert list(ranges(newer, cell.condition_name)) == list(cell.space)


def test_answers_that_are_there_are_not_derived_anew():
    whole = STUDIES["tiny"]
    other = answers(whole)
    other["conditions"]["decay"]["planned"]["tune"] = 7
    found = answers_of(whole.as_data() | {"answers": other}, "mlp-tiny", "decay")
    assert found.planned["tune"] == 7
