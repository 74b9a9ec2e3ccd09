"""What a plan says of a study's cost is what a count by hand gives."""

import dataclasses

import pytest
import torch
from PIL import Image
from torch import nn

from models import ARCHITECTURES
from tests.tuning.studies import settings, study
from tuning.cost import Seconds, StudyCost, study_cost
from tuning.cost.cell import cell_cost
from tuning.records import Phase
from tuning.settings import DataSettings
from tuning.study import planned_epochs
from tuning.trial import open_dataset
from tuning.trial.data.dataset_info import PUBLISHED, DatasetInfo, dataset_info
from tuning.trial.operations import Operations, count_operations
from tuning.trial.timing import Inspection, time_inspection, time_step

SMALL = DatasetInfo(input_shape=(1, 8, 8), num_classes=10, train_images=1000, test_images=300)
OPERATIONS = Operations(parameters=1, forward=10, training=30)
SECONDS = Seconds(step=0.5, inspection=Inspection(image=0.001, measurement=2.0))
TWO_CORES = {"CPU": 2.0, "GPU": 0.0}


def by_hand(model, image):
    """Multiply-adds times two of every weight on a real forward pass, each weight's apart."""
    counts = {}

    def count(module, arguments, output):
        positions = output[0, 0].numel() if output.dim() == 4 else 1
        counts[module] = 2 * module.weight.numel() * positions

    handles = [
        module.register_forward_hook(count) for module in model.modules() if isinstance(module, nn.Linear | nn.Conv2d)
    ]
    with torch.no_grad():
        model.eval()(image)
    for handle in handles:
        handle.remove()
    return counts


@pytest.mark.parametrize("name", ["mlp-small", "mlp-medium", "resnet-small", "resnet-medium"])
def test_operations_are_those_of_every_product_and_of_its_two_gradients_but_for_the_images_own(name):
    with torch.random.fork_rng(devices=[]):
        model = ARCHITECTURES[name].build((3, 32, 32), 10)
    counts = list(by_hand(model, torch.zeros(1, 3, 32, 32)).values())
    found = count_operations(ARCHITECTURES[name], (3, 32, 32), 10)
    assert found == Operations(
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        forward=sum(counts),
        training=3 * sum(counts) - counts[0],
    )


def test_a_network_that_leaves_one_pixel_of_an_image_is_counted_too():
    found = count_operations(ARCHITECTURES["resnet-medium"], (1, 8, 8), 10)  # a batch of one has no statistics there
    assert 0 < 2 * found.forward < found.training < 3 * found.forward


def test_a_published_outline_is_that_of_the_data_set():
    digits = open_dataset(DataSettings(name="digits"))
    assert PUBLISHED["digits"] == DatasetInfo(
        input_shape=digits.input_shape,
        num_classes=digits.num_classes,
        train_images=len(digits.train_labels),
        test_images=len(digits.test()[1]),
    )


@pytest.mark.parametrize("parts", [{"train": 6, "test": 4}, {"": 10}], ids=["two parts", "no test part"])
def test_an_image_folders_outline_is_counted_without_decoding_it(tmp_path, parts):
    for part, count in parts.items():
        for name in ("cat", "dog", "eel"):
            (tmp_path / part / name).mkdir(parents=True)
            for index in range(count):
                (tmp_path / part / name / f"{index}.png").write_bytes(b"no image")
            Image.new("RGB", (7, 5)).save(tmp_path / part / name / "0.png")
    train, test = (18, 12) if "train" in parts else (24, 6)
    expected = DatasetInfo(input_shape=(3, 5, 7), num_classes=3, train_images=train, test_images=test)
    assert dataset_info(DataSettings(name="image-folder", path=str(tmp_path))) == expected


def test_a_folder_that_is_not_there_is_taken_for_cifar10s_and_said_to_be(tmp_path):
    found = dataset_info(DataSettings(name="image-folder", path=str(tmp_path / "none")))
    assert found == dataclasses.replace(PUBLISHED["cifar10"], assumed=True)


def test_a_trainings_work_is_counted_in_steps_images_and_measurements():
    the_study = study(
        dataset={"name": "digits", "training_images": 500},
        training={"epochs": 5, "batch_size": 64},
        measure={"every": 2},
        search={"trials": 4},
        confirm={"seeds": 3},
    )
    cost = cell_cost(the_study, the_study.cells[1], SMALL, OPERATIONS, SECONDS)
    tune, confirm = cost.work[Phase.TUNE], cost.work[Phase.CONFIRM]
    assert (tune.steps, tune.trained, tune.measurements) == (5 * 8, 5 * 500, 4)  # states 0, 2, 4 and the last, 5
    assert (tune.evaluated, confirm.evaluated) == (6 * 100, 6 * 400)
    assert (confirm.steps, confirm.trained, confirm.measurements) == (tune.steps, tune.trained, tune.measurements)
    assert [cost.epochs(phase) for phase in (Phase.TUNE, Phase.CONFIRM)] == [20, 15]
    assert cost.epochs(Phase.TUNE) == planned_epochs(the_study, the_study.cells[1], Phase.TUNE)
    assert cost.training_operations(Phase.TUNE) == 2500 * 30 + 600 * 10
    assert cost.total_operations == 4 * (2500 * 30 + 600 * 10) + 3 * (2500 * 30 + 2400 * 10)
    assert cost.training_seconds(Phase.TUNE, None) == pytest.approx(40 * 0.5 + 600 * 0.001 + 4 * 2.0)
    assert cost.training_seconds(Phase.CONFIRM, None) == pytest.approx(40 * 0.5 + 2400 * 0.001 + 4 * 2.0)
    assert cost.total_seconds(None) == pytest.approx(4 * 28.6 + 3 * 30.4)
    assert cost.searched == ("training.learning_rate", "regularizer.strength")


def costs(the_study, seconds=None, tflops=None, available=TWO_CORES):
    cells = tuple(cell_cost(the_study, cell, SMALL, OPERATIONS, seconds) for cell in the_study.cells)
    return StudyCost(study=the_study, dataset_info=SMALL, cells=cells, available=available, tflops=tflops)


def test_a_phase_lasts_its_total_over_the_slots_or_its_longest_training():
    found = costs(study(search={"trials": 5}, confirm={"seeds": 2}), SECONDS)
    tune, confirm = (found.cells[0].training_seconds(phase, None) for phase in (Phase.TUNE, Phase.CONFIRM))
    assert found.seconds == pytest.approx(4 * (5 * tune + 2 * confirm))
    assert found.elapsed(2) == pytest.approx(found.seconds / 2)
    assert found.elapsed(10) == pytest.approx(4 * 5 * tune / 10 + confirm)  # eight confirmations on ten slots
    assert found.elapsed(1000) == pytest.approx(tune + confirm)


def test_what_else_is_confirmed_costs_as_much_as_a_confirmation_each_and_lasts_its_own_phase():
    factors = {"start": {"initialization": "mup"}, "rule": {"regularizer": "none"}}
    the_study = study(
        search={"trials": 5},
        confirm={"seeds": 2, "learning_rate": "matched"},
        ablate={"condition": "decay", "factors": factors},
    )
    found = costs(the_study, SECONDS)
    tune, confirm = (found.cells[0].training_seconds(phase, None) for phase in (Phase.TUNE, Phase.CONFIRM))
    assert found.phases == (Phase.TUNE, Phase.CONFIRM, Phase.MATCHED, Phase.ABLATE)
    assert [list(cell.trainings.values()) for cell in found.cells] == [[5, 2], [5, 2, 2, 4]] * 2
    assert found.seconds == pytest.approx(4 * (5 * tune + 2 * confirm) + 2 * (2 + 4) * confirm)
    assert found.elapsed(1000) == pytest.approx(tune + 3 * confirm)


def test_a_stated_speed_gives_seconds_from_operations_and_without_one_there_are_none():
    found = costs(study(), tflops=1e-6)
    assert found.seconds == pytest.approx(found.operations / 1e6)
    assert costs(study()).seconds is None


@pytest.mark.parametrize(
    ("resources", "concurrency", "available", "slots"),
    [
        ({"cpu": 1}, None, {"CPU": 2, "GPU": 0}, 2),
        ({"cpu": 1}, 1, {"CPU": 2, "GPU": 0}, 1),
        ({"cpu": 3}, None, {"CPU": 2, "GPU": 0}, 0),
        ({"cpu": 2, "gpu": 0.25}, None, {"CPU": 16, "GPU": 1}, 4),
        ({"cpu": 2, "gpu": 1}, None, {"CPU": 16}, 0),
    ],
)
def test_slots_are_what_fits_and_the_studys_own_limit(resources, concurrency, available, slots):
    the_study = study(resources=resources, search={"trials": 1, "concurrency": concurrency})
    assert costs(the_study, available=available).slots == slots


def test_every_cell_is_timed_and_every_architecture_looked_at_once():
    the_study = study(search={"trials": 1}, architectures=study().as_data()["architectures"][:1])
    said = []
    found = study_cost(the_study, available=TWO_CORES, timed=True, say=said.append)
    assert said == ["mlp-tiny", "mlp-tiny/baseline", "mlp-tiny/decay"]
    assert found.timed_on == "1 core"
    assert found.dataset_info == PUBLISHED["digits"]
    first, second = (cell.seconds for cell in found.cells)
    assert first.inspection == second.inspection
    assert min(first.step, second.step, first.inspection.image, first.inspection.measurement) > 0


@pytest.mark.parametrize("name", ["spectral_normalization", "soft_orthogonality", "combined"])
def test_any_regularizer_can_be_timed_on_noise(name, monkeypatch):
    monkeypatch.setattr("tuning.trial.timing.ENOUGH", 0.0)
    held = {"regularizer": name} | ({"strength": 1e-3} if name == "soft_orthogonality" else {})
    if name == "combined":
        held["parts"] = [{"regularizer": "weight_decay", "strength": 0.1}, {"regularizer": "norm_ball"}]
    trial = settings(conditions={"held": held}, measure={"bundle": "full", "views": ["flat", "circular"], "every": 2})
    assert time_step(trial, SMALL) > 0
    assert time_inspection(trial, SMALL).measurement > 0
