"""Facts about how weights move."""

import itertools
import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from regularizers.linalg import lanczos
from regularizers.measure import MOVEMENT, Movement
from regularizers.measure.movement import NORM_TOLERANCE


def model(*widths: int, seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(*(nn.Linear(a, b, bias=False) for a, b in itertools.pairwise(widths)))


@torch.no_grad()
def test_a_known_change_is_measured_as_what_it_is() -> None:
    net = model(30, 20)
    movement = Movement(net)
    assert movement.look(net) == {"0": {"distance": 0.0}}
    changes = ("update_norm", "update_frobenius_norm", "update_stable_rank", "agreement")
    assert {name: movement.missing["0"][name] for name in changes} == dict.fromkeys(
        changes, "no measurement before this one"
    )
    initial = net[0].weight.clone()
    u, v = torch.zeros(20), torch.zeros(30)
    u[0] = v[0] = 1
    change = 0.3 * torch.outer(u, v) + 0.4 * torch.outer(u.roll(1), v.roll(1))
    net[0].weight += change
    found = movement.look(net)["0"]
    assert found["update_norm"] == pytest.approx(0.4, rel=1e-5)
    assert found["update_frobenius_norm"] == pytest.approx(0.5, rel=1e-5)
    assert found["update_stable_rank"] == pytest.approx(0.25 / 0.16, rel=1e-5)
    assert found["distance"] == pytest.approx(0.5 / initial.norm().item(), rel=1e-5)
    net[0].weight += change
    again = movement.look(net)["0"]
    assert again["update_norm"] == pytest.approx(0.4, rel=1e-5)
    assert again["distance"] == pytest.approx(1.0 / initial.norm().item(), rel=1e-5)


@torch.no_grad()
def test_the_norm_of_a_large_change_without_leading_direction_is_found_to_its_tolerance() -> None:
    net = model(900, 700)
    movement = Movement(net)
    movement.look(net)
    change = torch.randn(700, 900, generator=torch.Generator().manual_seed(1))
    net[0].weight += change
    exact = torch.linalg.matrix_norm(change.double(), ord=2).item()
    found = movement.look(net)["0"]["update_norm"]
    assert exact * (1 - NORM_TOLERANCE / 2) <= found <= exact * (1 + 1e-5)


@torch.no_grad()
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_a_change_in_half_precision_is_the_difference_of_the_numbers_that_were_stored(dtype: torch.dtype) -> None:
    net = model(40, 30).to(dtype)
    movement = Movement(net)
    movement.look(net)
    before = net[0].weight.double()
    net[0].weight += 0.01 * torch.randn(30, 40, generator=torch.Generator().manual_seed(1)).to(dtype)
    change = net[0].weight.double() - before
    assert movement.look(net)["0"]["update_norm"] == pytest.approx(change.svd().S[0].item(), rel=1e-6)


def test_a_weight_without_entries_is_refused() -> None:
    with pytest.warns(UserWarning, match="zero-element"):
        empty = nn.Sequential(nn.Linear(5, 0), nn.Linear(3, 3))
    with pytest.raises(ValueError, match="a weight must have entries"):
        Movement(empty)


@torch.no_grad()
def test_agreement_is_one_for_the_same_directions_whatever_their_signs_and_zero_for_others() -> None:
    net = model(8, 4)
    net[0].weight.copy_(torch.eye(4, 8) * torch.tensor([4.0, 3.0, 2.0, 1.0]).unsqueeze(1))
    movement = Movement(net)
    movement.look(net)
    net[0].weight *= -2
    assert movement.look(net)["0"]["agreement"] == pytest.approx(1)
    net[0].weight.copy_(net[0].weight.roll(4, dims=1))
    assert movement.look(net)["0"]["agreement"] == pytest.approx(0)


@torch.no_grad()
def test_alignment_is_one_where_a_weight_reads_what_its_neighbour_writes() -> None:
    net = model(6, 4, 5)
    values = torch.diag(torch.tensor([4.0, 3.0, 2.0, 1.0]))
    net[0].weight.copy_(values @ torch.eye(4, 6))
    net[1].weight.copy_(torch.eye(5, 4) @ values)
    found = Movement(net).look(net)
    assert "alignment" not in found["0"]
    assert found["1"]["alignment"] == pytest.approx(1)
    net[1].weight.copy_(torch.eye(5, 4) @ torch.diag(torch.tensor([1.0, 2.0, 3.0, 4.0])))
    assert Movement(net).look(net)["1"]["alignment"] == pytest.approx(0, abs=1e-6)


def test_independent_gaussian_neighbours_align_as_random_directions_do() -> None:
    found = Movement(net := model(400, 600, 500)).look(net)
    assert found["1"]["alignment"] == pytest.approx(math.sqrt(2 / (math.pi * 600)), rel=0.8)


@torch.no_grad()
def test_a_kernel_reads_by_its_centre_tap_and_a_downsample_is_nobodys_neighbour() -> None:
    net = nn.Sequential(nn.Conv2d(2, 4, 3, bias=False), nn.Conv2d(4, 4, 1, bias=False), nn.Conv2d(4, 3, 3, bias=False))
    net[1].weight_role = "downsample"
    net[0].weight.zero_()
    net[0].weight[0, 0, 0, 0] = 1
    net[2].weight.zero_()
    net[2].weight[0, 0, 1, 1] = 1
    found = Movement(net).look(net)
    assert "alignment" not in found["1"]
    first_of_three = found["2"]["alignment"]
    assert first_of_three >= 1 / 3 - 1e-6  # the first direction agrees; a zero matrix has none beside it


def test_what_has_no_value_is_left_out_and_everything_else_has_a_definition() -> None:
    net = model(5, 4, 3)
    nn.init.zeros_(net[0].weight)
    movement = Movement(net)
    movement.look(net)
    found = movement.look(net)
    assert "distance" not in found["0"]
    assert movement.missing["0"] == {
        "distance": "the weight began at zero",
        "alignment": "no weight before it writes the channels that it reads",
    }
    assert movement.missing["1"] == {}
    assert found["1"]["update_norm"] == found["1"]["update_stable_rank"] == 0
    assert {name for numbers in found.values() for name in numbers} == set(MOVEMENT)


@torch.no_grad()
def test_directions_that_a_fallback_found_give_the_same_numbers(monkeypatch) -> None:
    looks = []
    whole = torch.linalg.eigh

    def fails_on_batches(matrix: Tensor) -> tuple[Tensor, Tensor]:
        if matrix.ndim > 2:
            raise torch.linalg.LinAlgError("did not converge")
        return whole(matrix)

    for eigh in (whole, fails_on_batches):
        monkeypatch.setattr(torch.linalg, "eigh", eigh)
        net = model(40, 30, 30, 600, seed=2)
        movement = Movement(net)
        movement.look(net)
        for layer, weight in enumerate(net.parameters()):
            weight += 0.1 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(layer))
        looks.append(movement.look(net))
    usual, helped = looks
    assert helped.keys() == usual.keys()
    for name, numbers in usual.items():
        assert helped[name] == pytest.approx(numbers, rel=1e-7)


@torch.no_grad()
def test_what_no_routine_has_found_is_left_out(monkeypatch) -> None:
    net = model(900, 700, 20)
    movement = Movement(net)
    movement.look(net)
    for weight in net.parameters():
        weight += torch.randn(weight.shape, generator=torch.Generator().manual_seed(1))
    monkeypatch.setattr(lanczos, "_STEPS", 2)  # too few for a change without a leading direction
    found = movement.look(net)
    assert {"update_norm", "update_stable_rank"}.isdisjoint(found["0"])
    assert movement.missing["0"]["update_norm"] == "no routine converged"
    assert {"distance", "update_frobenius_norm", "agreement"} <= found["0"].keys()
    assert "update_norm" in found["1"]  # small enough to be decomposed whole


def test_looking_leaves_no_trace_in_a_reparametrized_weight_in_training() -> None:
    net = model(6, 5)
    spectral_norm(net[0])
    net.train()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    state = torch.random.get_rng_state()
    Movement(net).look(net)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert net[0].training
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())


@torch.no_grad()
def test_a_movement_that_takes_up_a_saved_state_says_the_same() -> None:
    seen, resumed = model(300, 200, seed=3), model(300, 200, seed=3)
    first, second = Movement(seen), Movement(resumed)
    first.look(seen)
    for step in range(2):
        seen[0].weight += 0.1 * torch.randn(200, 300, generator=torch.Generator().manual_seed(step))
        if step == 0:
            first.look(seen)
    second.load_state_dict(first.state_dict())
    resumed.load_state_dict(seen.state_dict())
    assert second.look(resumed) == first.look(seen)
