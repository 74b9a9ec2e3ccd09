"""Facts about what is measured of a whole network with images."""

import dataclasses
import math

import pytest
import torch
from torch import nn

from regularizers.measure import jacobian_norms
from tests.tuning.studies import settings
from tuning import records
from tuning.records import (
    BOTTOM_HALF_ACCURACY,
    GAP_ACCURACY,
    GAP_LOSS,
    JACOBIAN_NORM,
    LIPSCHITZ_PADDED,
    MARGIN_LOW,
    MARGIN_MEDIAN,
    TOP_HALF_ACCURACY,
)
from tuning.trial.evaluation import evaluate
from tuning.trial.network_measures import accuracy_of_halves, generalization, sensitivity
from tuning.trial.trainer import Loop
from tuning.trial.trial_data import TRAINING_SAMPLE, VALIDATION_SAMPLE, TrialData

CPU = torch.device("cpu")
RESNET = [{"name": "r", "family": "resnet", "layout": "cifar", "depth": 8, "width": 4}]


@pytest.fixture(scope="module")
def data() -> TrialData:
    return TrialData.open(settings(), CPU)


@pytest.fixture(scope="module")
def trained(data: TrialData) -> nn.Module:
    loop = Loop.build(settings(architectures=RESNET), data)
    for _ in range(3):
        loop.run_epoch()
    return loop.model


def logits_of(model: nn.Module, data: TrialData) -> tuple[torch.Tensor, torch.Tensor]:
    x, y = (torch.cat(parts) for parts in zip(*data.training_sample.in_order(), strict=True))
    model.eval()
    with torch.no_grad():
        return model(x).double(), y


def test_the_sample_is_spread_over_the_training_part_in_its_order_and_without_augmentation(data: TrialData) -> None:
    images = sum(len(y) for _, y in data.training_sample.in_order())
    assert images == min(TRAINING_SAMPLE, len(data.training.index))
    long = dataclasses.replace(data.training, index=torch.arange(1000).repeat_interleave(5), crop=4, flip=True)
    sample = dataclasses.replace(data, training=long).training_sample
    assert len(sample.index) == TRAINING_SAMPLE
    assert sample.index.unique().tolist() == list(range(1000))
    assert (sample.crop, sample.flip) == (0, False)
    assert len(data.validation_sample.index) == VALIDATION_SAMPLE
    assert set(data.validation_sample.index.tolist()) <= set(data.validation.index.tolist())


def test_margins_and_gaps_are_those_of_the_definition(data: TrialData, trained: nn.Module) -> None:
    validation = evaluate(trained, data.validation)
    found = generalization(trained, data, validation)
    logits, labels = logits_of(trained, data)
    margins = []
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        margins.append(row.pop(label) - max(row))
    margins.sort()
    at = 0.1 * (len(margins) - 1)
    low = margins[math.floor(at)] * (math.ceil(at) - at) + margins[math.ceil(at)] * (at - math.floor(at))
    assert found[MARGIN_LOW] == pytest.approx(low, rel=1e-5)
    assert found[MARGIN_MEDIAN] == pytest.approx(torch.tensor(margins).quantile(0.5).item(), rel=1e-5)
    right = sum(margin > 0 for margin in margins) / len(margins)
    assert found[GAP_ACCURACY] == pytest.approx(right - validation[1], abs=1e-12)
    loss = -logits.log_softmax(1).gather(1, labels[:, None]).mean().item()
    assert found[GAP_LOSS] == pytest.approx(validation[0] - loss, rel=1e-5)


def test_the_largest_jacobian_lies_below_the_padded_bound(data: TrialData, trained: nn.Module) -> None:
    found = sensitivity(trained, data)
    x, _ = next(data.validation_sample.in_order())
    assert found[JACOBIAN_NORM] == jacobian_norms(trained, x).max().item()
    assert math.log10(found[JACOBIAN_NORM]) < found[LIPSCHITZ_PADDED]


def test_a_network_of_low_rank_keeps_its_accuracy_in_the_top_half_and_loses_it_in_the_bottom_half(
    data: TrialData,
) -> None:
    loop = Loop.build(settings(architectures=[{"name": "m", "family": "mlp", "depth": 2, "width": 32}]), data)
    for _ in range(8):
        loop.run_epoch()
    U, s, Vh = torch.linalg.svd(loop.model.layers[0].weight.detach(), full_matrices=False)
    loop.model.layers[0].weight.data = (U[:, :16] * s[:16]) @ Vh[:16]
    _, accuracy = evaluate(loop.model, data.validation)
    found = accuracy_of_halves(loop.model, data)
    assert found[TOP_HALF_ACCURACY] == pytest.approx(accuracy, abs=0.01)
    assert found[BOTTOM_HALF_ACCURACY] < 0.3 < accuracy


def test_a_network_whose_only_weight_is_the_last_has_no_halves(data: TrialData) -> None:
    loop = Loop.build(settings(architectures=[{"name": "m", "family": "mlp", "depth": 1, "width": 1}]), data)
    assert accuracy_of_halves(loop.model, data) == {}


def test_every_number_has_a_name_in_the_records_and_a_broken_network_none(data: TrialData) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 4), nn.Linear(4, 10))
    numbers = generalization(model, data, (1.0, 0.5)) | sensitivity(model, data) | accuracy_of_halves(model, data)
    assert len(numbers) == 8
    assert set(numbers) < set(records.METRICS)
    model[1].weight.data.fill_(torch.nan)
    broken = generalization(model, data, (math.nan, 0.5)) | sensitivity(model, data)
    assert set(broken) <= {GAP_ACCURACY}


def test_measuring_a_network_changes_nothing_in_it(data: TrialData) -> None:
    loop = Loop.build(settings(architectures=RESNET), data)
    loop.run_epoch()
    model = loop.model
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    gradients = [parameter.grad.clone() for parameter in model.parameters()]
    state = torch.get_rng_state()
    generalization(model, data, (1.0, 0.5))
    sensitivity(model, data)
    accuracy_of_halves(model, data)
    assert all(module.training for module in model.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert all(torch.equal(p.grad, g) for p, g in zip(model.parameters(), gradients, strict=True))
    assert torch.equal(torch.get_rng_state(), state)
