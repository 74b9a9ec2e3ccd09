"""A checkpoint that can be read and does not fit begins anew, with the bits of a training that never stopped."""

import dataclasses

import pytest
import torch

from tests.tuning.studies import settings
from tests.tuning.trial.trainings import KilledError, numbers, optimized, records_of
from tuning.trial.checkpoint import STATE_FILE, Checkpoint
from tuning.trial.trainer import train

TRIAL = optimized("muon", "spectral_normalization")  # model, rule and regularizer each keep a state of their own


@pytest.fixture(scope="module")
def whole():
    return records_of(TRIAL)


@pytest.fixture(autouse=True)
def always_due(monkeypatch):
    monkeypatch.setattr(Checkpoint, "due", lambda self: self.folder is not None)


def killed_in_the_third_epoch(trial, folder):
    def report(record):
        if record.epoch == 3:
            raise KilledError

    with pytest.raises(KilledError):
        train(trial, report, folder)
    assert (folder / STATE_FILE).exists()


def rewritten(folder, change):
    """Change the kept file as another version, or a hand, would have written it."""
    kept = torch.load(folder / STATE_FILE, weights_only=True)
    state = kept.get("state", kept)  # wherever a version keeps the training's own
    changed = change(kept, state)
    torch.save(kept if changed is None else changed, folder / STATE_FILE)


def renamed(kept, state):
    state["model"] = {f"network.{name}": weight for name, weight in state["model"].items()}


def reshaped(kept, state):
    name = next(iter(state["model"]))
    state["model"][name] = state["model"][name].unsqueeze(0)


def of_other_type(kept, state):
    state["model"] = {name: weight.double() for name, weight in state["model"].items()}


def rule_reshaped(kept, state):
    for entries in state["optimizer"]["parts"][-1]["state"].values():
        entries["exp_avg"] = entries["exp_avg"].flatten()[:1]


def rule_of_one_part(kept, state):
    del state["optimizer"]["parts"][0]


def regularizer_renamed(kept, state):
    state["regularizer"] = {f"old.{name}": tensor for name, tensor in state["regularizer"].items()}


def recorder_reshaped(kept, state):
    state["recorder"] = {name: weight[:1] for name, weight in state["recorder"].items()}


def without(name):
    def change(kept, state):
        del state[name]

    return change


def epoch_is(value):
    def change(kept, state):
        state["epoch"] = value

    return change


def stamped(name, value):
    def change(kept, state):
        kept[name] = value

    return change


MISFITS = {
    "a list": lambda kept, state: [1, 2, 3],
    "a tensor": lambda kept, state: torch.zeros(3),
    "an empty dict": lambda kept, state: {},
    "without a stamp, as older versions wrote": lambda kept, state: dict(state),
    "nothing behind the stamp": lambda kept, state: {**kept, "state": None} if "state" in kept else [],
    "of another version": stamped("format", 0),
    "of other settings": stamped("settings", "0" * 64),
    "other weight names": renamed,
    "other weight shapes": reshaped,
    "other number type": of_other_type,
    "a rule's other shapes": rule_reshaped,
    "a rule's part missing": rule_of_one_part,
    "regularizer's other names": regularizer_renamed,
    "recorder's other shapes": recorder_reshaped,
    **{f"without {name}": without(name) for name in ("epoch", "model", "optimizer", "regularizer", "recorder")},
    **{f"epoch {value!r}": epoch_is(value) for value in ("2", None, -1, 0, 3, 10**9, 1.5, True)},
    "model is text": lambda kept, state: state.update(model="weights"),
    "optimizer is a list": lambda kept, state: state.update(optimizer=[]),
}


@pytest.mark.parametrize("change", MISFITS.values(), ids=MISFITS)
def test_a_checkpoint_that_does_not_fit_is_set_aside_and_all_is_trained_anew(whole, tmp_path, change):
    killed_in_the_third_epoch(TRIAL, tmp_path)
    rewritten(tmp_path, change)
    assert numbers(records_of(TRIAL, tmp_path)) == numbers(whole)
    assert (tmp_path / "state.damaged").exists()
    assert "checkpoint" in Checkpoint(tmp_path).begun_anew


def test_a_changed_bit_is_found(whole, tmp_path):
    killed_in_the_third_epoch(TRIAL, tmp_path)
    content = bytearray((tmp_path / STATE_FILE).read_bytes())
    content[len(content) // 2] ^= 0x40
    (tmp_path / STATE_FILE).write_bytes(content)
    assert numbers(records_of(TRIAL, tmp_path)) == numbers(whole)
    assert "could not be read" in Checkpoint(tmp_path).begun_anew


@pytest.mark.parametrize(
    "changed",
    [{"seed": 7}, {"measure": dataclasses.replace(TRIAL.measure, every=2)}, {"study": "another"}],
    ids=["seed", "measure", "study"],
)
def test_a_checkpoint_of_any_other_settings_is_not_taken_up(tmp_path, changed):
    other = dataclasses.replace(TRIAL, **changed)
    killed_in_the_third_epoch(other, tmp_path)
    assert [record.epoch for record in records_of(TRIAL, tmp_path)] == [0, 1, 2, 3]


def test_one_that_fits_is_no_beginning_anew(tmp_path):
    killed_in_the_third_epoch(TRIAL, tmp_path)
    assert [record.epoch for record in records_of(TRIAL, tmp_path)] == [3]
    assert Checkpoint(tmp_path).begun_anew is None


def unreadable_direction(kept, state):
    """It fits, and yet no step can be taken with it: what is missing is asked for in the step."""
    for entries in state["optimizer"]["state"].values():
        del entries["exp_avg_sq"]


def test_a_trial_that_fails_from_its_checkpoint_goes_well_when_it_is_run_again(tmp_path):
    trial = settings()
    killed_in_the_third_epoch(trial, tmp_path)
    rewritten(tmp_path, unreadable_direction)
    with pytest.raises(KeyError):
        records_of(trial, tmp_path)
    assert numbers(records_of(trial, tmp_path)) == numbers(records_of(trial))
    assert "failed from its checkpoint before it got an epoch further (KeyError" in Checkpoint(tmp_path).begun_anew


def test_a_trial_that_fails_after_a_further_epoch_keeps_its_checkpoint(tmp_path, monkeypatch):
    trial = settings(training={"epochs": 5, "batch_size": 256})
    killed_in_the_third_epoch(trial, tmp_path)

    def fails_in_the_fourth_epoch(record):
        if record.epoch == 4:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        train(trial, fails_in_the_fourth_epoch, tmp_path)
    assert [record.epoch for record in records_of(trial, tmp_path)] == [4, 5]


def test_a_trial_that_cannot_even_begin_keeps_its_checkpoint(tmp_path):
    """A node without the data, or without its GPU, says nothing of the checkpoint."""
    trial = settings()
    killed_in_the_third_epoch(trial, tmp_path)
    nowhere = dataclasses.replace(trial.dataset, name="image-folder", path=str(tmp_path / "away"))
    with pytest.raises(ValueError, match="away"):
        records_of(dataclasses.replace(trial, dataset=nowhere), tmp_path)
    assert [record.epoch for record in records_of(trial, tmp_path)] == [3]
