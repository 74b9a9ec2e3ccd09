"""Facts about Lanczos' iteration, against dense float64 twins and closed forms."""

import itertools
import math

import pytest
import torch
from torch import Tensor

from regularizers.linalg.lanczos import largest_eigenvalue, start_vector
from regularizers.linalg.padded_norm import NORM_ERROR, padded_norm
from tests import oracles

CROWDED = {
    "equal": torch.ones(400),
    "one apart by 1e-4": torch.cat([torch.tensor([1.0001]), torch.ones(399)]),
    "evenly spread": torch.linspace(0, 1, 1000),
    "as of a smooth kernel": torch.cos(torch.arange(1, 301) * math.pi / 602).square(),
    "one alone": torch.tensor([0.0, 2.0, 0.0]),
}


@pytest.mark.parametrize("values", CROWDED.values(), ids=CROWDED)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_the_largest_of_values_that_crowd_is_found_and_never_exceeded(values: Tensor, dtype: torch.dtype) -> None:
    scale = values.to(dtype)
    found, routine = largest_eigenvalue(lambda x: scale * x, start_vector(len(scale), scale))
    assert routine == "lanczos"
    assert found == pytest.approx(values.max().item(), rel=1e-4)
    assert found <= values.max().item() * (1 + 4 * torch.finfo(dtype).eps)


def test_a_zero_map_has_zero_and_a_map_that_is_not_finite_nan() -> None:
    start = start_vector(5, torch.zeros(()))
    assert largest_eigenvalue(torch.zeros_like, start) == (0.0, "lanczos")
    value, routine = largest_eigenvalue(lambda x: x * torch.nan, start)
    assert math.isnan(value)
    assert routine == "lanczos"


def test_where_steps_run_out_the_best_is_given_and_the_routine_says_so() -> None:
    values = torch.linspace(0, 1, 4000, dtype=torch.float64)
    found, routine = largest_eigenvalue(lambda x: values * x, start_vector(4000, values), tolerance=0.0)
    assert routine == "lanczos: not converged in 500 steps"
    assert found == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize(("size", "taps"), [(16, 3), (64, 3), (100, 3), (48, 5)])
def test_a_constant_kernels_norm_is_that_of_its_rows_squared(size: int, taps: int) -> None:
    """Values crowd below it: an iteration that is begun anew too often stops at the second."""
    row = sum(torch.diag(torch.ones(size - abs(shift)), shift) for shift in range(-(taps // 2), taps // 2 + 1))
    assert isinstance(row, Tensor)
    exact = torch.linalg.matrix_norm(row.double(), ord=2).item() ** 2
    if taps == 3:
        assert exact == pytest.approx((1 + 2 * math.cos(math.pi / (size + 1))) ** 2, rel=1e-12)
    norm, _ = padded_norm(torch.ones(1, 1, taps, taps), (size, size), 1, taps // 2)
    assert norm == pytest.approx(exact, rel=NORM_ERROR / 10)


@pytest.mark.parametrize("kind", ["random", "positive", "decaying"])
def test_the_norm_of_random_strided_and_padded_convolutions_is_found_to_its_error(kind: str) -> None:
    generator = torch.Generator().manual_seed(3)

    def draw(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (), generator=generator))

    for _ in range(60):
        co, ci, k, size, stride = draw(1, 5), draw(1, 5), draw(2, 5), (draw(5, 12), draw(5, 12)), draw(1, 3)
        padding = draw(0, k // 2)
        kernel = torch.randn(co, ci, k, k, generator=generator)
        kernel = {"random": kernel, "positive": kernel.abs(), "decaying": kernel / 2.0 ** torch.arange(k)}[kind]
        exact = oracles.dense_singular_values(oracles.padded_matrix(kernel, size, stride, padding))[0].item()
        norm, routine = padded_norm(kernel, size, stride, padding)
        assert exact * (1 - NORM_ERROR) <= norm <= exact * (1 + 1e-6)
        assert routine == "lanczos"


@pytest.mark.parametrize(("stride", "padding"), list(itertools.product([1, 2], [0, 1])))
def test_the_norm_is_that_of_the_kernel_and_not_of_its_precision(stride: int, padding: int) -> None:
    kernel = torch.randn(3, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    single, _ = padded_norm(kernel, (9, 8), stride, padding)
    double, _ = padded_norm(kernel.double(), (9, 8), stride, padding)
    assert single == pytest.approx(double, rel=1e-5)


def test_start_vectors_repeat_and_leave_the_global_random_state_alone() -> None:
    state = torch.get_rng_state()
    like = torch.zeros(())
    assert torch.equal(start_vector(9, like), start_vector(9, like))
    assert torch.equal(torch.get_rng_state(), state)
