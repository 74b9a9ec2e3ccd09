"""A training: its bits, its records, its checkpoint, what it measures and what it refuses."""

import dataclasses
import math
import subprocess
import sys

import pytest
import torch

from regularizers import REGULARIZERS
from regularizers.measure import MEASURES
from tests.tuning.studies import settings
from tests.tuning.trial.trainings import (
    OPTIMIZED,
    REGULARIZED,
    KilledError,
    numbers,
    optimized,
    records_of,
    regularized,
)
from tuning.records import CONFIRMATIONS, EPOCH_SECONDS, MEASURE_SECONDS, SPECTRAL_NORM_MAX, TIMES, VAL_ACCURACY, Phase
from tuning.settings import OPTIMIZERS, Measure, Resources, Training, to_flat
from tuning.trial import open_dataset, train
from tuning.trial.checkpoint import Checkpoint
from tuning.trial.trainer import Loop, prepare_process
from tuning.trial.trial_data import TrialData

TRAINED = {
    **{f"regularizer {name}": lambda name=name: regularized(name) for name in REGULARIZED},
    **{f"optimizer {name}": lambda name=name: optimized(name) for name in OPTIMIZED},
    "muon on a reparametrized weight": lambda: optimized("muon", "spectral_normalization"),
}


def learned(records):
    """What training alone decides, measured or not."""
    keep = ("train/loss", "train/accuracy", "val/loss", "val/accuracy")
    return [[record.metrics.get(name) for name in keep] for record in records]


def test_every_regularizer_and_optimizer_is_trained_here():
    assert set(REGULARIZED) == set(REGULARIZERS)
    assert set(OPTIMIZED) == set(OPTIMIZERS)


@pytest.mark.parametrize("trial_of", TRAINED.values(), ids=TRAINED)
def test_the_same_settings_give_the_same_bits_and_another_seed_gives_others(trial_of):
    trial = trial_of()
    assert numbers(records_of(trial)) == numbers(records_of(trial))
    assert numbers(records_of(dataclasses.replace(trial, seed=trial.seed + 1))) != numbers(records_of(trial))


@pytest.mark.parametrize("name", REGULARIZED)
def test_measuring_more_or_less_leaves_the_training_its_bits(name):
    often = regularized(name, measure={"bundle": "full", "every": 1, "views": ["flat", "circular", "padded"]})
    seldom = dataclasses.replace(often, measure=Measure(bundle="economy", every=100))
    assert learned(records_of(often)) == learned(records_of(seldom))


def test_a_trial_ends_well_where_no_decomposition_converges_and_its_record_says_so(monkeypatch):
    def fails(*_, **__):
        raise torch.linalg.LinAlgError("did not converge")

    trial = regularized("weight_decay", measure={"bundle": "full", "views": ["flat", "circular", "padded"]})
    expected = learned(records_of(trial))
    for name in ("svdvals", "svd", "eigh", "eigvalsh"):
        monkeypatch.setattr(torch.linalg, name, fails)
    records = records_of(trial)
    assert learned(records) == expected
    for layer in records[-1].layers:
        assert layer.routine.endswith("none converged")
        assert "spectral_norm" not in layer.measures
        assert layer.missing["spectral_norm"] == "no routine converged"


def test_every_measure_of_a_layer_is_in_its_record_or_has_its_reason_there():
    first, *_, last = records_of(regularized("weight_decay", measure={"bundle": "standard", "views": ["flat"]}))
    for record in (first, last):
        for layer in record.layers:
            assert layer.measures.keys() | layer.missing.keys() == MEASURES.keys()
            assert not layer.measures.keys() & layer.missing.keys()
            assert set(layer.missing.values()) <= {
                "no measurement before this one",
                "no weight before it writes the channels that it reads",
                "there are fewer than 8 values",
            }
    assert first.layers[0].missing["update_norm"] == "no measurement before this one"


@pytest.mark.parametrize("trial_of", TRAINED.values(), ids=TRAINED)
def test_a_training_continued_from_its_checkpoint_equals_the_uninterrupted_one(trial_of, tmp_path, monkeypatch):
    monkeypatch.setattr(Checkpoint, "due", lambda self: self.folder is not None)
    trial = trial_of()
    whole = records_of(trial)
    seen = []

    def killed_in_the_third_epoch(record):
        if record.epoch == 3:
            raise KilledError
        seen.append(record)

    with pytest.raises(KilledError):
        train(trial, killed_in_the_third_epoch, tmp_path)
    rest = records_of(trial, tmp_path)
    assert [record.epoch for record in rest] == [3]
    assert numbers(seen + rest) == numbers(whole)


def test_records_begin_before_the_first_step_and_end_with_the_last_epoch():
    records = records_of(settings())
    assert [record.epoch for record in records] == [0, 1, 2, 3]
    assert EPOCH_SECONDS not in records[0].metrics
    assert all(SPECTRAL_NORM_MAX in record.metrics and record.layers for record in records)
    assert records[-1].metrics[VAL_ACCURACY] > records[0].metrics[VAL_ACCURACY]


def test_spectra_are_taken_as_often_as_asked_and_of_the_first_and_last_state():
    records = records_of(settings(measure={"every": 2}))
    assert [bool(record.layers) for record in records] == [True, False, True, True]
    assert [MEASURE_SECONDS in record.metrics for record in records] == [True, False, True, True]


def test_the_test_part_is_recorded_in_the_phases_of_confirmation_alone():
    assert not any("test/loss" in record.metrics for record in records_of(settings()))
    for phase in CONFIRMATIONS:
        confirmed = dataclasses.replace(settings(phase=Phase.CONFIRM), phase=phase)
        assert all("test/loss" in record.metrics for record in records_of(confirmed))


def test_a_setting_that_two_phases_confirm_trains_to_the_same_bits():
    """What has one factor switched off differs from the whole by that factor alone, and by no draw."""
    confirmed = settings(phase=Phase.CONFIRM, index=1)
    ablated = dataclasses.replace(confirmed, phase=Phase.ABLATE, ablated="nothing of it")
    first, second = (
        [record.metrics | dict.fromkeys(TIMES, 0.0) for record in records_of(trial)] for trial in (confirmed, ablated)
    )
    assert first == second


def test_a_diverged_training_ends_with_one_finite_record_that_says_so():
    calm = settings(training={"epochs": 5, "optimizer": {"name": "sgd", "momentum": 0.9}})
    wild = dataclasses.replace(calm, training=Training(learning_rate=1e12, batch_size=64, epochs=5))
    records = records_of(wild)
    last = records[-1]
    assert last.diverged
    assert last.epoch < 5
    assert not any(record.diverged for record in records[:-1])
    assert last.metrics[VAL_ACCURACY] == 0.0
    assert all(math.isfinite(value) for record in records for value in record.metrics.values())


def test_conditions_start_from_the_same_weights_and_see_the_same_images():
    first, second = (records_of(regularized(name))[0] for name in ("none", "weight_decay"))
    assert numbers([first]) == numbers([second])


def test_so_many_images_are_trained_on_as_asked_and_none_of_them_is_held_out():
    all_of_them = TrialData.open(settings(), torch.device("cpu"))
    few = TrialData.open(settings(dataset={"name": "digits", "training_images": 200}), torch.device("cpu"))
    assert len(few.training.index) == 200
    assert set(few.training.index.tolist()) < set(all_of_them.training.index.tolist())
    assert few.validation.index.equal(all_of_them.validation.index)


def test_the_orthogonal_initialization_stands_on_the_spectral_condition():
    trial = settings(2, training={"epochs": 1, "initialization": "orthogonal"})
    start = records_of(trial)[0]
    for layer, fans in zip(start.layers, [(16, 64), (16, 16), (10, 16)], strict=True):
        expected = math.sqrt(fans[0] / fans[1])
        assert list(layer.singular_values) == pytest.approx([expected] * min(fans), rel=1e-5)


def test_one_schedule_multiplies_every_learning_rate_of_a_rule():
    trial = optimized("muon")
    loop = Loop.build(trial, TrialData.open(trial, torch.device("cpu")))
    x, y = next(loop.data.training.epoch(1))
    loop.step(x, y, 0.25)
    rates = [group["lr"] for group in loop.optimizer.param_groups]
    assert rates == [0.25 * trial.training.learning_rate] * (len(rates) - 1) + [0.25 * 0.01]


@pytest.mark.parametrize("name", OPTIMIZED)
def test_every_optimizer_learns(name):
    training = {"epochs": 8, "batch_size": 64, "optimizer": {"name": name, **OPTIMIZED[name]}}
    mlp = {"name": "mlp-narrow", "family": "mlp", "depth": 3, "width": 32}
    trial = settings(architectures=[mlp], training=training, shared={"learning_rate": 0.03}, measure={"every": 99})
    assert records_of(trial)[-1].metrics[VAL_ACCURACY] > 0.7


def test_the_process_keeps_its_own_random_state():
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    records_of(settings())
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_reserved_gpu_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="torch sees no GPU"):
        records_of(settings(resources={"gpu": 1}))


@pytest.mark.gpu
@pytest.mark.parametrize("trial_of", TRAINED.values(), ids=TRAINED)
def test_a_gpu_repeats_a_training_bit_for_bit(trial_of):
    trial = dataclasses.replace(trial_of(), resources=Resources(gpu=1))
    assert numbers(records_of(trial)) == numbers(records_of(trial))


@pytest.mark.gpu
@pytest.mark.filterwarnings("ignore:Synchronization debug mode")
@pytest.mark.parametrize("trial_of", TRAINED.values(), ids=TRAINED)
def test_no_step_waits_for_the_gpu(trial_of):
    trial = dataclasses.replace(trial_of(), resources=Resources(gpu=1))
    loop = Loop.build(trial, TrialData.open(trial, prepare_process(trial)))
    batches = list(loop.data.training.epoch(1))
    loop.step(*batches[0], 1.0)  # libraries are loaded, layers see their first images
    torch.cuda.set_sync_debug_mode("error")
    try:
        for x, y in batches[1:]:  # more than three: every `every` of the table acts
            loop.step(x, y, 1.0)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert len(batches) > 4


def test_training_needs_neither_ray_nor_mlflow_nor_the_readers_of_study_files():
    code = f"""
import sys
for name in ("ray", "mlflow", "optuna", "pydantic", "yaml", "rich", "typer"):
    sys.modules[name] = None
from tuning.settings import from_flat
from tuning.trial import open_dataset, train
train(from_flat({to_flat(settings())!r}), lambda record: print(record.epoch, end=" "))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "0 1 2 3 ", done.stderr


def test_a_trial_is_trained_on_the_content_of_its_study_and_on_no_other():
    trial = settings()
    key = open_dataset(trial.dataset).content_key
    records = []
    train(trial, records.append, content=key)
    assert records
    with pytest.raises(ValueError, match=f"content 0123, got {key[:12]} of digits on .*; put the data back"):
        train(trial, lambda record: pytest.fail("an epoch was trained"), content="0123")
