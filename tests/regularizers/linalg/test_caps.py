"""Facts about the hard, the polynomial and the soft cap."""

import pytest
import torch
from torch import Tensor

from regularizers.linalg.caps import POLYNOMIAL_LIMIT, SOFT_CAP_LIMIT, polynomial_cap, soft_cap_strength
from regularizers.spectrum import hard_cap, polar_factor, soft_cap
from tests import oracles


def gaussian(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def clamped(matrix: Tensor, bound: float) -> Tensor:
    return oracles.with_values_mapped(matrix, lambda s: s.clamp(max=bound))


def relative_error(got: Tensor, exact: Tensor) -> float:
    return (torch.linalg.norm(got.double() - exact) / torch.linalg.norm(exact)).item()


@pytest.mark.parametrize("shape", [(20, 60), (60, 20), (64, 64), (1, 12), (7, 1)], ids=str)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_the_hard_cap_equals_that_of_the_decomposition_in_float32(shape: tuple[int, int], part: float) -> None:
    matrix = gaussian(*shape)
    bound = part * oracles.dense_singular_values(matrix)[0].item()
    assert relative_error(hard_cap(matrix.float(), bound), clamped(matrix, bound)) < 1e-4


def test_the_hard_cap_is_exact_where_the_polar_factor_is_not() -> None:
    matrix = oracles.with_values_mapped(gaussian(30, 30), lambda s: torch.logspace(0, -7, 30, dtype=torch.float64))
    assert relative_error(hard_cap(matrix.float(), 0.3), clamped(matrix, 0.3)) < 1e-4
    assert torch.linalg.matrix_norm(polar_factor(matrix) - oracles.polar(matrix), 2) > 0.1


def test_the_hard_cap_is_idempotent() -> None:
    once = hard_cap(gaussian(20, 50), 4.0)
    assert relative_error(hard_cap(once, 4.0), once) < 1e-6


def test_the_hard_cap_commutes_with_orthogonal_matrices() -> None:
    matrix, left, right = gaussian(20, 50), oracles.polar(gaussian(20, 20, seed=1)), oracles.polar(gaussian(50, 50))
    torch.testing.assert_close(hard_cap(left @ matrix @ right, 5.0), left @ hard_cap(matrix, 5.0) @ right)


def test_the_hard_cap_of_a_large_multiple_is_the_polar_factor_times_the_bound() -> None:
    matrix = gaussian(20, 50)
    torch.testing.assert_close(hard_cap(1e4 * matrix, 2.0), 2.0 * polar_factor(matrix), rtol=0, atol=1e-6)


def test_a_matrix_within_the_bound_keeps_its_bits_and_its_neighbour_is_capped() -> None:
    batch = torch.stack([0.1 * gaussian(5, 8), gaussian(5, 8)]).float()
    capped = hard_cap(batch, 1.0)
    assert torch.equal(capped[0], batch[0])
    assert relative_error(capped[1], clamped(batch[1], 1.0)) < 1e-4


def test_bounds_may_differ_over_a_batch() -> None:
    batch, bounds = gaussian(3, 6, 9), torch.tensor([0.5, 1.5, 2.5])
    for capped, matrix, bound in zip(hard_cap(batch, bounds), batch, bounds.tolist(), strict=True):
        assert relative_error(capped, clamped(matrix, bound)) < 1e-4


@pytest.mark.parametrize("cap", [hard_cap, polynomial_cap], ids=["hard", "polynomial"])
def test_a_cap_of_zero_is_zero(cap) -> None:
    assert torch.equal(cap(torch.zeros(4, 3), 1.0), torch.zeros(4, 3))


def test_the_polynomial_cap_has_the_known_values() -> None:
    values = torch.tensor([1.0, 0.5, 0.1, 1.185, 3.5, 2.0], dtype=torch.float64)
    capped = polynomial_cap(torch.diag(values), 1.0).diagonal()
    assert capped[0].item() == pytest.approx(0.9661, abs=1e-4)
    assert capped[3].item() == pytest.approx(1.0109, abs=1e-4)
    assert (capped - values.clamp(max=1)).abs().max() < 0.05


@pytest.mark.parametrize("size", [1.0, 4.0, 100.0, 1e6])
def test_the_polynomial_cap_holds_beyond_the_range_of_its_polynomial(size: float) -> None:
    matrix = gaussian(30, 40)
    matrix *= size * POLYNOMIAL_LIMIT / oracles.dense_singular_values(matrix)[0]
    capped = polynomial_cap(matrix.float(), 1.0)
    assert oracles.dense_singular_values(capped)[0] < 1.0110
    assert (capped.double() * matrix).sum() > 0  # no direction has changed its sign


@pytest.mark.parametrize(
    ("bound", "update", "strength"),
    [(1.0, 0.1, 0.158864), (1.0, 0.2, 0.188631), (6.0, 0.2, 0.00285246), (6.0, 0.1, 0.00206546)],
)
def test_the_soft_caps_strength_is_the_known_root(bound: float, update: float, strength: float) -> None:
    assert soft_cap_strength(bound, update) == pytest.approx(strength, rel=5e-6)
    assert soft_cap_strength(bound, update) == pytest.approx(oracles.soft_cap_strength(bound, update), rel=1e-9)


@pytest.mark.parametrize("ratio", [1e-9, 1e-4, 0.05, 0.2, 0.3064])
def test_the_soft_cap_is_monotone_to_the_largest_value_there_can_be_and_takes_it_to_the_bound(ratio: float) -> None:
    bound = 3.0
    values = torch.linspace(0, bound * (1 + ratio), 1000, dtype=torch.float64)
    a = soft_cap_strength(bound, bound * ratio)
    pressed = values - a * values**3
    mapped = pressed + a * pressed**3
    assert mapped.diff().min() > 0
    assert mapped[-1].item() == pytest.approx(bound, rel=1e-12)
    capped = soft_cap(torch.diag(values[::100]), bound, bound * ratio)
    torch.testing.assert_close(capped.diagonal(), mapped[::100])


@pytest.mark.parametrize("ratio", [0.3075, 0.5, 1.0])
def test_beyond_the_limit_the_soft_cap_is_refused_and_would_indeed_break_the_bound(ratio: float) -> None:
    with pytest.raises(ValueError, match=r"update/bound <= 0.3065, got update .* lower the learning rate"):
        soft_cap(torch.eye(2), 1.0, ratio)
    a = soft_cap_strength(torch.tensor(1.0), torch.tensor(ratio))
    pressed = torch.linspace(0, 1 + ratio, 100001, dtype=torch.float64)
    pressed = pressed - a * pressed**3
    assert (pressed + a * pressed**3).max() > 1 + 1e-7


def test_the_limit_is_where_the_first_cubic_stops_to_rise() -> None:
    assert 3 * soft_cap_strength(1.0, SOFT_CAP_LIMIT) * (1 + SOFT_CAP_LIMIT) ** 2 == pytest.approx(1, rel=1e-9)


def test_soft_caps_may_differ_over_a_batch_and_an_update_of_nothing_changes_nothing() -> None:
    batch = gaussian(3, 4, 6)
    capped = soft_cap(batch, torch.tensor([4.0, 5.0, 6.0]), torch.tensor([0.0, 0.5, 1.0]))
    assert torch.equal(capped[0], batch[0])
    torch.testing.assert_close(capped[2], soft_cap(batch[2], 6.0, 1.0))
