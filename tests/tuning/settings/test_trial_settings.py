import json

import pytest

from tests.tuning.studies import settings, study
from tuning.records import TAGS, Phase
from tuning.settings import OPTIMIZERS, derive_seed, from_flat, from_params, to_flat, to_params


@pytest.mark.parametrize("cell", range(4))
def test_flat_settings_are_plain_and_turn_back_into_equal_settings(cell):
    original = settings(cell)
    flat = json.loads(json.dumps(to_flat(original)))
    assert from_flat(flat) == original
    assert from_params(to_params(original)) == original
    assert all(isinstance(value, str) for value in to_params(original).values())


CONDITIONS = {
    "combined": {
        "regularizer": "combined",
        "where": ["hidden"],
        "parts": [
            {"regularizer": "weight_decay", "strength": {"log_uniform": [1e-4, 1e-1]}},
            {"regularizer": "spectral_projection", "bound": {"uniform": [1, 3]}, "where": ["head", "first"]},
            *[{"regularizer": "spectral_norm_penalty", "strength": 0.1, "threshold": n} for n in (None, *range(9))],
        ],
    },
    "alias": {"regularizer": "spectral_hammer", "target": "initial"},
    "coupled": {"regularizer": "spectral_weight_decay", "strength": 3, "coupled": True},
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_parts_aliases_and_truths_turn_back_into_equal_settings(name):
    original = settings(conditions={name: CONDITIONS[name]})
    flat = json.loads(json.dumps(to_flat(original)))
    assert from_flat(flat) == original
    assert from_flat(dict(reversed(flat.items()))) == original
    assert from_params(to_params(original)) == original
    assert set(study(conditions={name: CONDITIONS[name]}).cells[0].space) <= set(flat)


def test_a_part_is_stored_under_its_number_and_a_regularizer_under_its_first_name():
    flat = to_flat(settings(conditions={"combined": CONDITIONS["combined"]}))
    assert flat["regularizer.name"] == "combined"
    assert flat["regularizer.parts.0.name"] == "weight_decay"
    assert flat["regularizer.parts.1.where"] == ["head", "first"]
    assert flat["regularizer.parts.11.threshold"] == 8.0
    assert settings(conditions={"alias": CONDITIONS["alias"]}).tags["regularizer"] == "spectral_norm_scaling"


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_settings_of_every_optimizer_turn_back_into_equal_ones(name):
    original = settings(training={"epochs": 3, "optimizer": name})
    assert type(original.optimizer) is OPTIMIZERS[name]
    assert from_params(to_params(original)) == original
    assert original.tags["optimizer"] == name


def test_text_that_looks_like_a_number_stays_text():
    numbered = settings(conditions={"1": {"regularizer": "none"}})
    assert numbered.condition == "1"
    assert from_params(to_params(numbered)) == numbered


def test_settings_bear_every_tag_that_a_run_needs():
    assert {*settings().tags, "stop_reason", "git_commit"} == set(TAGS)


def test_keys_are_unique_over_cells_phases_and_indices():
    keys = [
        settings(cell, phase, index).key
        for cell in range(4)
        for phase in (Phase.TUNE, Phase.CONFIRM)
        for index in (0, 1, 10)
    ]
    assert len(set(keys)) == len(keys)


def test_seeds_are_equal_across_cells_and_fresh_in_the_confirm_phase():
    tune = {index: {settings(cell, Phase.TUNE, index).seed for cell in range(4)} for index in range(4)}
    confirm = {index: {settings(cell, Phase.CONFIRM, index).seed for cell in range(4)} for index in range(4)}
    assert all(len(seeds) == 1 for seeds in [*tune.values(), *confirm.values()])
    assert set.union(*tune.values()).isdisjoint(set.union(*confirm.values()))
    assert len(set.union(*tune.values())) == 4


def test_the_validation_part_is_one_in_tuning_and_another_for_each_confirm_seed():
    assert len({settings(0, Phase.TUNE, index).split_seed for index in range(3)}) == 1
    assert len({settings(0, Phase.CONFIRM, index).split_seed for index in range(3)}) == 3


def test_another_study_seed_gives_other_seeds():
    search = {"trials": 3, "seed": 1}
    assert settings().seed != settings(search=search).seed
    assert study().cells[0].draw(0) != study(search=search).cells[0].draw(0)


def test_a_derived_seed_is_the_same_in_every_process():
    assert derive_seed(0, "confirm", 3) == 964810959082215748
