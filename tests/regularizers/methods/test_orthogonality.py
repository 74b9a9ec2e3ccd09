"""Facts about soft orthogonality and SRIP."""

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


def test_the_gradient_of_soft_orthogonality_is_the_known_one() -> None:
    layer = nn.Linear(4, 7, bias=False, dtype=torch.float64)
    REGULARIZERS["soft_orthogonality"](strength=0.3).attach(layer).penalty().backward()
    W = layer.weight.detach()
    torch.testing.assert_close(layer.weight.grad, 4 * 0.3 * W @ (W.T @ W - torch.eye(4)))


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("shape", [(5, 3), (3, 5)], ids=str)
def test_an_orthogonal_weight_costs_nothing_and_is_not_moved(name: str, shape: tuple[int, int]) -> None:
    layer = nn.Linear(*shape, bias=False, dtype=torch.float64)
    nn.init.orthogonal_(layer.weight)
    penalty = REGULARIZERS[name](strength=1.0).attach(layer).penalty()
    penalty.backward()
    assert penalty.item() == pytest.approx(0, abs=1e-20)
    assert layer.weight.grad.abs().max() < 1e-12


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


def test_srips_warm_estimate_follows_the_exact_value_from_below_while_training() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(20, 30, bias=False)
    regularizer = REGULARIZERS["srip"](strength=1.0).attach(layer)
    shares = []
    for step in range(200):
        generator = torch.Generator().manual_seed(step)
        layer.weight.data += 0.01 * torch.randn(layer.weight.shape, generator=generator)
        regularizer.after_step(0.1)
        shares.append(regularizer.penalty().item() / oracles.isometry_defect(layer.weight.detach(), strength=1.0))
    assert max(shares) <= 1 + 1e-5
    assert sum(shares) / len(shares) > 0.9


@pytest.mark.parametrize("name", PENALTIES)
def test_a_negative_strength_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="strength must be a finite number >= 0, got -1"):
        REGULARIZERS[name](strength=-1.0)
