"""Facts about both penalties that make weights orthogonal."""

import pytest
import torch
from torch import nn

from regularizers import REGULARIZERS
from tests import oracles

PENALTIES = ["soft_orthogonality", "srip"]


def descend(layer: nn.Linear, name: str, steps: int, lr: float, **fields: float) -> None:
    regularizer = REGULARIZERS[name](strength=1.0, **fields).attach(layer)
    for _ in range(steps):
        layer.weight.grad = None
        penalty = regularizer.penalty()
        if penalty.requires_grad:
            penalty.backward()
            layer.weight.data -= lr * layer.weight.grad
        regularizer.after_step(lr)


@pytest.mark.parametrize(("rows", "columns"), [(6, 15), (15, 6)], ids=["wide", "tall"])
@pytest.mark.parametrize("name", PENALTIES)
def test_alone_it_makes_a_weight_orthogonal_whichever_side_is_smaller(name: str, rows: int, columns: int) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(columns, rows, bias=False)
    descend(layer, name, steps=2000, lr=0.02)
    values = oracles.dense_singular_values(layer.weight.detach())
    torch.testing.assert_close(values, torch.ones_like(values), rtol=0, atol=0.05)


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("shape", [(5, 3), (3, 5)], ids=str)
def test_an_orthogonal_weight_costs_nothing_and_is_not_moved(name: str, shape: tuple[int, int]) -> None:
    layer = nn.Linear(*shape, bias=False, dtype=torch.float64)
    nn.init.orthogonal_(layer.weight)
    penalty = REGULARIZERS[name](strength=1.0).attach(layer).penalty()
    penalty.backward()
    assert penalty.item() == pytest.approx(0, abs=1e-20)
    assert layer.weight.grad.abs().max() < 1e-12
