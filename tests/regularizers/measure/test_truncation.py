"""Facts about networks with half of their singular values."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from models import CifarResNetArchitecture
from regularizers import REGULARIZERS
from regularizers.measure import reestimate_batchnorm, spectral_halves
from regularizers.targets import select
from tests import oracles


def network() -> nn.Module:
    torch.manual_seed(0)
    return CifarResNetArchitecture(name="x", depth=8, width=5).build((2, 6, 5), 3)


def batches(*counts: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(count, 2, 6, 5, generator=generator) for count in counts]


def test_each_half_has_its_half_of_the_singular_values_and_both_make_the_weight() -> None:
    model = network()
    top, bottom = spectral_halves(model)
    for whole, strong, weak in zip(*map(select, (model, top, bottom)), strict=True):
        if whole.role == "head":
            assert torch.equal(strong.weight, whole.weight)
            assert torch.equal(weak.weight, whole.weight)
            continue
        values = oracles.dense_singular_values(whole.weight)
        kept = (len(values) + 1) // 2
        zeros = torch.zeros_like(values)
        expected = torch.cat([values[:kept], zeros[kept:]]), torch.cat([values[kept:], zeros[:kept]])
        for half, those in zip((strong, weak), expected, strict=True):
            found = oracles.dense_singular_values(half.weight)
            torch.testing.assert_close(found, those, rtol=0, atol=1e-6 * values[0].item())
        torch.testing.assert_close(strong.weight + weak.weight, whole.weight, rtol=0, atol=1e-6)


def test_of_an_odd_number_of_singular_values_the_middle_one_is_in_the_top_half() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2))
    model[0].weight.data = torch.diag(torch.tensor([1.0, 3.0, 2.0]))
    top, bottom = spectral_halves(model)
    assert top[0].weight.diagonal().tolist() == pytest.approx([0, 3, 2], abs=1e-6)
    assert bottom[0].weight.diagonal().tolist() == pytest.approx([1, 0, 0], abs=1e-6)


def test_a_weight_with_one_singular_value_or_without_finite_entries_stays_whole() -> None:
    model = nn.Sequential(nn.Linear(1, 4), nn.Linear(4, 4), nn.Linear(4, 2))
    model[1].weight.data.fill_(torch.nan)
    for half in spectral_halves(model):
        assert torch.equal(half[0].weight, model[0].weight)
        assert half[1].weight.isnan().all()


def test_roles_choose_what_is_halved_and_no_match_is_refused() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4))
    top, _ = spectral_halves(model, where=["head"])
    assert [torch.equal(top[i].weight, model[i].weight) for i in range(3)] == [True, True, False]
    with pytest.raises(ValueError, match="where"):
        spectral_halves(nn.Linear(4, 2))


@pytest.mark.parametrize("method", ["spectral_normalization", "weight_normalization", "torch"])
def test_reparametrizations_are_gone_from_the_copies_and_stay_in_the_original(method: str) -> None:
    model = network().train()
    if method == "torch":
        nn.utils.parametrizations.spectral_norm(model.layer1[0].conv1)
    else:
        REGULARIZERS[method]().attach(model)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    x = batches(4)[0]
    plain = copy.deepcopy(model).eval()
    halves = spectral_halves(model)
    assert model.training
    assert list(model.state_dict()) == list(before)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    for half in halves:
        assert not half.training
        assert not any(map(parametrize.is_parametrized, half.modules()))
    for strong, weak, whole in zip(*map(select, (*halves, plain)), strict=True):
        together = strong.weight if whole.role == "head" else strong.weight + weak.weight
        torch.testing.assert_close(together, whole.weight, rtol=0, atol=1e-5 * whole.weight.abs().max().item())
    assert halves[0](x).isfinite().all()


def test_reestimated_statistics_are_the_mean_over_batches() -> None:
    model = nn.Sequential(nn.BatchNorm2d(2, momentum=0.3), nn.Dropout(0.5), nn.BatchNorm2d(2, affine=False)).train()
    model[2].eval()
    model[0].running_mean.fill_(100.0)
    parts = batches(8, 4)
    reestimate_batchnorm(model, parts)
    for i, statistic in ((0, torch.mean), (1, torch.var)):
        expected = torch.stack([statistic(part, dim=(0, 2, 3)) for part in parts]).mean(0)
        torch.testing.assert_close((model[0].running_mean, model[0].running_var)[i], expected)
    # The second one sees what the first has normalized, and dropout lets all of it pass.
    torch.testing.assert_close(model[2].running_mean, torch.zeros(2), rtol=0, atol=1e-6)
    torch.testing.assert_close(model[2].running_var, torch.ones(2), rtol=0, atol=0.02)
    assert [module.training for module in model.modules()] == [True, True, True, False]
    assert model[0].momentum == 0.3


def test_reestimation_repeats_bit_for_bit_and_draws_no_random_number() -> None:
    state = torch.get_rng_state()
    first, second = (spectral_halves(network())[0] for _ in range(2))
    torch.set_rng_state(state)
    for model in (first, second):
        reestimate_batchnorm(model, batches(8, 8))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(a, b) for a, b in zip(first.buffers(), second.buffers(), strict=True))


def test_without_batchnorm_no_batch_is_taken() -> None:
    reestimate_batchnorm(nn.Linear(2, 2), iter([torch.ones(7, 7)]))
