"""Facts about the polar factor and the certified norm, against dense float64 twins."""

import math

import pytest
import torch
from torch import Tensor

from regularizers.linalg.polar import upper_bound
from regularizers.spectrum import polar_factor
from tests import oracles

SHAPES = [(5, 27), (64, 64), (40, 130), (130, 40)]


def with_condition(m: int, n: int, condition: float) -> Tensor:
    """Singular values from 1 down to 1/condition, evenly in the logarithm."""
    generator = torch.Generator().manual_seed(m)
    s = torch.logspace(0, -math.log10(condition), min(m, n), dtype=torch.float64)
    gaussian = torch.randn(m, n, generator=generator, dtype=torch.float64)
    return oracles.with_values_mapped(gaussian, lambda _: s)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("condition", [1.0, 1.2, 10.0, 100.0])
def test_the_polar_factor_equals_that_of_the_decomposition(shape: tuple[int, int], condition: float) -> None:
    matrix = 7.0 * with_condition(*shape, condition)
    exact = oracles.polar(matrix)
    assert torch.linalg.matrix_norm(polar_factor(matrix.float()).double() - exact, 2) < 1e-5
    assert torch.linalg.matrix_norm(polar_factor(matrix) - exact, 2) < 1e-11


def test_values_down_to_one_in_four_hundred_of_the_norm_become_one() -> None:
    values = oracles.dense_singular_values(polar_factor(with_condition(64, 64, 400).float()))
    assert values.min() > 1 - 1e-4
    assert values.max() < 1 + 1e-5


def test_a_polar_factor_never_exceeds_one_and_leaves_what_is_far_too_small_below() -> None:
    values = oracles.dense_singular_values(polar_factor(torch.diag(torch.tensor([1.0, 1e-2, 1e-4, 1e-6, 0.0]))))
    assert values.max() < 1 + 1e-6
    assert values.tolist() == pytest.approx([1, 1, values[2].item(), 0.0021, 0], abs=1e-3)
    assert 0.1 < values[2] < 1


@pytest.mark.parametrize("scale", [1e-15, 1.0, 1e15])
def test_the_polar_factor_does_not_depend_on_scale(scale: float) -> None:
    matrix = with_condition(6, 9, 10).float()
    torch.testing.assert_close(polar_factor(scale * matrix), polar_factor(matrix), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "matrix",
    [torch.zeros(3, 5), torch.ones(4, 3), torch.eye(4)[:, :2] * 1e-3, torch.zeros(2, 3, 4)],
    ids=["zero", "rank one", "half zero", "batch of zeros"],
)
def test_zero_and_rank_deficient_matrices_give_partial_isometries(matrix: Tensor) -> None:
    factor = polar_factor(matrix)
    assert factor.isfinite().all()
    rank = torch.linalg.matrix_rank(matrix).double()
    torch.testing.assert_close(factor.double().square().sum((-2, -1)), rank, rtol=0, atol=1e-4)


def test_a_batch_is_its_matrices_one_by_one_and_a_bad_one_spoils_no_other() -> None:
    batch = torch.randn(2, 3, 5, 7, generator=torch.Generator().manual_seed(0))
    batch[0, 1] = torch.nan
    factors = polar_factor(batch)
    assert factors[0, 1].isnan().all()
    for index in [(0, 0), (1, 2)]:
        torch.testing.assert_close(factors[index], polar_factor(batch[index]))


def test_the_polar_factor_of_a_complex_matrix_is_unitary() -> None:
    matrix = torch.randn(4, 6, generator=torch.Generator().manual_seed(0), dtype=torch.complex128)
    factor = polar_factor(matrix)
    torch.testing.assert_close(factor @ factor.mH, torch.eye(4, dtype=torch.complex128), rtol=0, atol=1e-10)
    assert torch.linalg.eigvalsh(factor.mH @ matrix).min() > -1e-9


def test_half_precision_goes_in_and_out() -> None:
    factor = polar_factor(with_condition(8, 12, 10).bfloat16())
    assert factor.dtype is torch.bfloat16
    torch.testing.assert_close(factor.float() @ factor.float().T, torch.eye(8), rtol=0, atol=0.02)


@pytest.mark.parametrize("squarings", [1, 2, 3])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_certified_norm_lies_above_the_true_one_by_a_root_of_the_rank_at_most(shape, squarings: int) -> None:
    for condition in (1.0, 10.0, 1e4):
        matrix = 3e4 * with_condition(*shape, condition).float()
        true = oracles.dense_singular_values(matrix)[0].item()
        bound = upper_bound(matrix, squarings).item()
        assert true <= bound <= true * min(shape) ** (0.5 ** (squarings + 2)) * (1 + 1e-4)


@pytest.mark.gpu
def test_the_polar_factor_is_as_accurate_on_a_gpu() -> None:
    matrix = with_condition(64, 200, 10)
    factor = polar_factor(matrix.float().cuda()).cpu().double()
    assert torch.linalg.matrix_norm(factor - oracles.polar(matrix), 2) < 1e-5
