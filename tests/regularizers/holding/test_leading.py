"""Facts about leading triplets that are followed from step to step."""

import pytest
import torch
from torch import nn

from regularizers import REGULARIZERS, select
from regularizers.holding.groups import flat_groups
from regularizers.holding.leading import Leading
from regularizers.linalg.block import BLOCK
from regularizers.spectrum import top_triplet
from tests import oracles
from tests.regularizers.layers import with_values


def test_afterwards_the_triplet_is_one_of_power_iteration_for_weights_of_any_shapes() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(*[nn.Linear(*sides, bias=False) for sides in ((20, 30), (30, 5), (5, 1), (1, 40), (40, 40))])
    leading = Leading(flat_groups(select(model)))
    for iterations in (1, 3):
        found = leading.follow(iterations)
        for target, norm, (u, v) in zip(leading.members, found.norms, found.vectors(), strict=True):
            weight = target.weight
            torch.testing.assert_close(weight.mT @ u, norm * v, rtol=1e-5, atol=1e-6)
            assert torch.linalg.vector_norm(u).item() == pytest.approx(1.0, rel=1e-5)
            assert norm.item() == pytest.approx(oracles.dense_singular_values(weight)[0].item(), rel=1e-4)


def test_triplets_keep_their_values_when_the_weight_is_followed_further_and_when_a_state_is_loaded() -> None:
    layer = nn.Linear(30, 20, bias=False)
    regularizer = REGULARIZERS["spectral_norm_scaling"]().attach(layer)
    leading = Leading(flat_groups(select(layer)))
    triplets = leading.follow(1)
    (before,) = [(u.clone(), v.clone()) for u, v in triplets.vectors()]
    nn.init.eye_(layer.weight)
    leading.follow(3)
    leading.prepare(regularizer.state_dict())
    leading.groups[0].block.zero_()
    (after,) = triplets.vectors()
    assert [torch.equal(kept, found) for kept, found in zip(before, after, strict=True)] == [True, True]


def test_a_direction_that_overtakes_is_found_at_once_where_one_vector_stays_with_the_old() -> None:
    layer = with_values([2.0, 1.9, 0.5, 0.4, 0.3, 0.2], rows=20, columns=30)
    leading = Leading(flat_groups(select(layer)))
    leading.follow(10)
    v = leading.groups[0].block[0, 0].clone()
    u, s, vh = torch.linalg.svd(layer.weight.detach(), full_matrices=False)
    s[1] = 2.1
    layer.weight.data = (u * s) @ vh
    assert leading.follow(1).norms.item() == pytest.approx(2.1, rel=1e-9)
    _, sigma, _ = top_triplet(layer.weight.detach(), v, 1)
    assert sigma.item() == pytest.approx(2.0, rel=1e-6)


@pytest.mark.parametrize("before", [0.0, float("nan"), float("inf")], ids=str)
def test_a_weight_that_was_zero_or_not_finite_is_followed_when_it_is_mended(before: float) -> None:
    layer = nn.Linear(12, 9, bias=False)
    leading = Leading(flat_groups(select(layer)))
    nn.init.constant_(layer.weight, before)
    leading.follow(3)
    nn.init.eye_(layer.weight)
    layer.weight.data[3, 3] = 4.0
    assert leading.follow(4).norms.item() == pytest.approx(4.0, rel=1e-4)


@pytest.mark.parametrize("size", [1e-12, 1e-6, 1e6, 1e12], ids=str)
def test_the_estimate_does_not_depend_on_the_size_of_the_weight(size: float) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(30, 20, bias=False)
    leading = Leading(flat_groups(select(layer)))
    layer.weight.data *= size
    expected = oracles.dense_singular_values(layer.weight.detach())[0].item()
    assert leading.follow(1).norms.item() == pytest.approx(expected, rel=1e-5)


def test_after_long_on_a_rank_one_weight_a_direction_that_overtakes_is_found() -> None:
    layer = nn.Linear(40, 30, bias=False)
    nn.init.zeros_(layer.weight)
    layer.weight.data[0, 0] = 1.0
    leading = Leading(flat_groups(select(layer)))
    for _ in range(50):
        leading.follow(1)
    layer.weight.data[1, 1] = 10.0
    leading.follow(1)
    assert leading.follow(1).norms.item() == pytest.approx(10.0, rel=1e-2)


def test_a_block_is_no_larger_than_the_weight() -> None:
    model = nn.Sequential(nn.Linear(3, 20), nn.Linear(20, 2), nn.Linear(2, 1))
    rows = [group.block.shape[1] for group in flat_groups(select(model))]
    assert sorted(rows) == [1, 2, 3]
    assert max(group.block.shape[1] for group in flat_groups(select(nn.Linear(40, 40)))) == BLOCK


SPECTRAL = ["spectral_norm_scaling", "spectral_normalization"]


@pytest.mark.parametrize("name", SPECTRAL)
def test_attaching_twice_from_the_same_weights_gives_the_same_bits(name: str) -> None:
    results = []
    for seed in (0, 1):
        torch.manual_seed(5)
        layer = nn.Linear(12, 9)
        torch.manual_seed(seed)
        regularizer = REGULARIZERS[name]().attach(layer)
        regularizer.after_step(0.1)
        results.append(layer.weight.detach())
    assert torch.equal(*results)
