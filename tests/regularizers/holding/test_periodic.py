"""Facts about methods that act at every k-th step."""

import pytest
import torch
from torch import nn

from regularizers import REGULARIZERS
from tests.regularizers.layers import with_values

PROJECTIONS = {
    "frobenius_norm_scaling": {},
    "spectral_norm_scaling": {},
    "spectral_projection": {"bound": 0.5},
}


@pytest.mark.parametrize("name", PROJECTIONS)
def test_a_projection_acts_after_every_so_many_steps_and_not_between(name: str) -> None:
    layer = with_values([2.0, 0.1], rows=4, columns=4)
    regularizer = REGULARIZERS[name](every=3, **PROJECTIONS[name]).attach(layer)
    changed = []
    for _ in range(7):
        layer.weight.data *= 2
        before = layer.weight.detach().clone()
        regularizer.after_step(0.1)
        changed.append(not torch.equal(layer.weight, before))
    assert changed == [False, False, True, False, False, True, False]


@pytest.mark.parametrize("name", PROJECTIONS)
def test_a_continued_training_projects_when_the_uninterrupted_one_does(name: str) -> None:
    layer = with_values([2.0, 0.1], rows=4, columns=4)
    settings = REGULARIZERS[name](every=3, **PROJECTIONS[name])
    regularizer = settings.attach(layer)
    for _ in range(2):
        regularizer.after_step(0.1)
    state = regularizer.state_dict()
    assert (state["steps"].dtype, state["steps"].device.type) == (torch.int64, "cpu")
    assert state["steps"].item() == 2
    resumed = settings.attach(layer)
    resumed.load_state_dict(state)
    layer.weight.data *= 2
    before = layer.weight.detach().clone()
    resumed.after_step(0.1)
    assert not torch.equal(layer.weight, before)


PENALTIES = ["soft_orthogonality", "srip"]


@pytest.mark.parametrize("name", PENALTIES)
def test_a_lazy_penalty_comes_every_so_many_steps_and_as_much_stronger(name: str) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(4, 4)
    each, lazy = (REGULARIZERS[name](strength=0.1, every=every).attach(layer) for every in (1, 3))
    amounts = []
    for _ in range(6):
        amounts.append(lazy.penalty().item())
        lazy.after_step(0.1)
    whole = each.penalty().item()
    assert amounts == pytest.approx([0, 0, 3 * whole, 0, 0, 3 * whole], rel=1e-5)
