"""The coordinate check: what it records, what it concludes, and its command."""

import math
from dataclasses import replace

import pytest
import torch
from typer.testing import CliRunner

from regularizers import REGULARIZERS
from tests.tuning.studies import study
from tests.tuning.study.examples import EXAMPLES
from tuning.__main__ import app
from tuning.study import load, shipped
from tuning.study.widths import WIDTHS, at_widths, read_condition_text
from tuning.trial.coordinate_check import Coordinates, coordinate_check
from tuning.trial.coordinate_view import sentence
from tuning.trial.trainer import Loop
from tuning.trial.trial_data import TrialData

SCION = {"regularizer": "none", "optimizer": "scion", "initialization": "orthogonal", "learning_rate": 0.05}
SGD = {"regularizer": "none", "optimizer": {"name": "sgd", "momentum": 0.0}, "learning_rate": 0.3}


def made_up(exponents):
    """Activations that are width^exponent, one layer an exponent, after the last of two steps."""
    widths = (16, 32, 128)
    last = torch.tensor([[float(width) ** exponent for exponent in exponents] for width in widths])
    activations = torch.stack([torch.ones_like(last), torch.ones_like(last), last], dim=1).double()
    seeds = torch.stack([0.5 * activations, 1.5 * activations], dim=1)
    return Coordinates(widths=widths, layers=tuple(map(str, exponents)), activations=seeds)


def test_slopes_are_the_exponents_of_the_width():
    coordinates = made_up([0.0, 0.5, -0.5, 1.0])
    assert coordinates.slopes(2) == pytest.approx([0.0, 0.5, -0.5, 1.0])
    assert coordinates.verdicts(2) == ["flat", "grows", "shrinks", "grows"]
    assert coordinates.verdicts(0) == ["flat"] * 4


def test_a_layer_that_is_zero_or_has_diverged_is_not_finite():
    coordinates = made_up([0.0, 0.0, 0.0])
    coordinates.activations[1, :, 2, 0] = math.inf
    coordinates.activations[1, :, 2, 1] = 0.0
    assert coordinates.verdicts(2) == ["not finite", "not finite", "flat"]


def test_it_records_what_a_training_computes():
    trials = at_widths(study(), "decay", family="mlp", widths=[8, 16], seeds=2)
    coordinates = coordinate_check(trials, 2)
    assert coordinates.activations.shape == (2, 2, 3, 2)
    for row, width in enumerate(coordinates.widths):
        for column, trial in enumerate(trials[width]):
            data = TrialData.open(trial, torch.device("cpu"))
            x, y = next(data.training.epoch(1))
            loop = Loop.build(trial, data)
            for step in range(3):
                first = loop.model.layers[0](x.flatten(1))
                outputs = [first, loop.model.layers[1](first.relu())]
                sizes = [output.detach().abs().mean().item() for output in outputs]
                assert coordinates.activations[row, column, step].tolist() == pytest.approx(sizes, rel=1e-6)
                loop.step(x, y, 1.0)


def test_the_same_trials_give_the_same_bits_and_leave_the_process_its_random_state():
    trials = at_widths(study(), "baseline", family="resnet", widths=[4, 8], seeds=1)
    before = torch.get_rng_state()
    first, second = coordinate_check(trials, 1), coordinate_check(trials, 1)
    assert torch.equal(first.activations, second.activations)
    assert torch.equal(before, torch.get_rng_state())
    assert first.layers[0] == "conv1"
    assert first.layers[-1] == "fc"


def test_scion_from_orthogonal_weights_is_flat_and_sgd_from_torchs_own_is_not():
    widths = [64, 128, 256, 512]
    flat = coordinate_check(at_widths(study(), SCION, family="mlp", widths=widths), 5)
    assert flat.verdicts(5) == ["flat", "flat"]
    assert flat.slopes(0)[-1] < -0.3  # the outputs of random weights shrink with the root of the width
    assert coordinate_check(at_widths(study(), SGD, family="mlp", widths=widths), 5).verdicts(5)[-1] == "grows"


def test_the_sentence_says_that_the_last_step_is_judged_and_when_fewer_layers_were_flat():
    coordinates = made_up([0.0, 0.5])
    assert sentence(coordinates) == (
        "After step 2, which alone is judged, 1 of 2 layers are not flat: "
        "what was found at one width need not suit another."
    )
    reverse = replace(coordinates, activations=coordinates.activations.flip(2))  # what precedes step 1 is no step
    assert sentence(reverse) == (
        "After step 2, which alone is judged, all 2 layers are flat: at these widths hyperparameters should transfer."
    )
    longer = replace(coordinates, activations=coordinates.activations[:, :, [0, 2, 1, 2, 1]])
    assert sentence(longer).endswith("should transfer. Fewer were flat after step 1, 3.")


def test_the_architecture_is_the_studys_and_searched_values_stand_in_the_middle():
    trials = at_widths(study(), "decay", family="mlp", widths=[64, 32])
    assert list(trials) == [32, 64]
    for width, group in trials.items():
        assert {trial.architecture.width for trial in group} == {width}
        assert {trial.architecture.depth for trial in group} == {2}
        assert {round(trial.training.learning_rate, 9) for trial in group} == {1e-2}
        assert len({trial.seed for trial in group}) == len(group) == 3
    assert [a.seed for a in trials[32]] == [b.seed for b in trials[64]]
    resnets = at_widths(study(), "baseline", family="resnet", learning_rate=0.5)
    assert tuple(resnets) == WIDTHS["resnet"]
    assert resnets[8][0].architecture.depth == 8
    assert resnets[8][0].training.learning_rate == 0.5


@pytest.mark.parametrize("path", [*EXAMPLES, *shipped().values()], ids=lambda path: path.stem)
@pytest.mark.parametrize("family", ["mlp", "resnet"])
def test_every_condition_of_every_study_can_be_checked_alone(path, family):
    example = load(path)
    for name, condition in example.conditions.items():
        trials = at_widths(example, name, family=family, seeds=1)
        assert tuple(trials) == WIDTHS[family]
        assert {trial.condition for group in trials.values() for trial in group} == {name}
        held = {type(trial.regularizer) for group in trials.values() for trial in group}
        assert held == {REGULARIZERS[condition.regularizer]}


def test_what_is_about_other_conditions_is_left_out():
    the_study = study(
        search={"trials": 2, "points": [{"learning_rate": 1e-2, "strength": 1e-3}]},
        confirm={"seeds": 2, "learning_rate": "matched"},
        ablate={"condition": "decay", "factors": {"decay": {"regularizer": "none"}}},
    )
    for name in the_study.conditions:
        coordinates = coordinate_check(at_widths(the_study, name, family="mlp", widths=[4, 8], seeds=1), 1)
        assert coordinates.widths == (4, 8)


def test_a_study_for_gpus_is_checked_without_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with_gpu, without = (
        coordinate_check(at_widths(study(resources=given), "decay", family="mlp", widths=[4, 8], seeds=1), 1)
        for given in ({"cpu": 1, "gpu": 1}, {"cpu": 1, "gpu": 0})
    )
    assert torch.equal(with_gpu.activations, without.activations)


def test_a_condition_is_a_name_or_a_mapping():
    assert read_condition_text("spectral") == "spectral"
    assert read_condition_text("{regularizer: none, learning_rate: 1e-2}") == {
        "regularizer": "none",
        "learning_rate": 0.01,
    }


def checked(tmp_path, *options):
    picture = tmp_path / "new" / "check.png"
    return picture, CliRunner().invoke(app, ["coordinate-check", "--picture", str(picture), *options])


def test_the_command_prints_a_table_and_draws_a_picture(tmp_path):
    given = "{regularizer: weight_decay, strength: 0.1, optimizer: spectral, learning_rate: 0.1}"
    picture, result = checked(tmp_path, "--condition", given, "--widths", "8,16", "--seeds", "1", "--steps", "2")
    assert result.exit_code == 0, result.output
    for words in ("mean |activation| after 2 steps", "layers.2", "slope at 2", "verdict", "mlp, spectral"):
        assert words in result.output
    assert picture.read_bytes().startswith(b"\x89PNG")


MISTAKES = {
    "unknown condition": (["--condition", "spectrl"], "did you mean 'spectral'"),
    "broken mapping": (["--condition", "{regularizer: none"], "--condition must be YAML"),
    "no regularizer": (["--condition", "{optimizer: muon}"], "must name its regularizer"),
    "unknown study": (["--condition", "a", "--study", "quickstrat"], "did you mean 'quickstart'"),
    "unknown family": (
        ["--condition", "baseline", "--family", "cnn"],
        "family must be one of the known names, got 'cnn'",
    ),
    "one width": (["--condition", "baseline", "--widths", "64"], "two or more different"),
    "a width that is no number": (["--condition", "baseline", "--widths", "64,x"], "whole numbers with commas"),
    "learning rate of zero": (["--condition", "baseline", "--learning-rate", "0"], "learning_rate must be > 0"),
}


@pytest.mark.parametrize(("options", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_ends_the_command_in_one_line(tmp_path, options, message):
    picture, result = checked(tmp_path, *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not picture.exists()
