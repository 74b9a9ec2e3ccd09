"""Facts about the routines that find singular values, also when one of them fails."""

import pytest
import torch
from torch import Tensor

from regularizers.linalg.decomposition import eigenpairs, gram_values, svd_values
from tests import oracles

NOT_CONVERGED = torch.linalg.LinAlgError("did not converge")


def matrix(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def fails(*_: object, **__: object) -> Tensor:
    raise NOT_CONVERGED


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (40, 60), (60, 40), (700, 30), (1100, 1300)], ids=str)
def test_the_values_of_float32_lie_far_closer_to_those_of_float64_than_float32_tells_apart(shape) -> None:
    weight = matrix(*shape)
    values, routine = gram_values(weight)
    exact = oracles.dense_singular_values(weight)
    assert routine == "gram"
    assert (values - exact).abs().max() <= 2e-8 * exact[0]


def test_small_values_are_told_from_zero_down_to_the_weights_own_precision() -> None:
    weight = torch.diag(torch.logspace(0, -9, 10)) @ torch.eye(10, 12)
    values, _ = gram_values(weight)
    torch.testing.assert_close(values, torch.logspace(0, -9, 10).double(), rtol=1e-5, atol=2e-8)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_is_exact_too(dtype: torch.dtype) -> None:
    weight = matrix(20, 30).to(dtype)
    torch.testing.assert_close(gram_values(weight)[0], oracles.dense_singular_values(weight), rtol=0, atol=1e-6)


def test_float64_is_decomposed_because_a_gram_matrix_would_lose_half_its_digits() -> None:
    weight = torch.diag(torch.tensor([1.0, 1e-12], dtype=torch.float64))
    values, routine = gram_values(weight)
    assert routine == "svd"
    assert values[1].item() == pytest.approx(1e-12)


def test_a_gram_matrix_whose_eigenvalues_do_not_converge_gives_way_to_the_decomposition(monkeypatch) -> None:
    weight = matrix(3, 6, 4)
    monkeypatch.setattr(torch.linalg, "eigvalsh", fails)
    values, routine = gram_values(weight)
    assert routine == "gram: svd"
    torch.testing.assert_close(values, torch.linalg.svdvals(weight.double()))


def test_a_batch_that_does_not_converge_is_decomposed_one_by_one_in_float64(monkeypatch) -> None:
    weight = matrix(3, 6, 4)
    exact, whole = torch.linalg.svdvals(weight.double()), torch.linalg.svdvals

    def fails_on_batches(batch: Tensor) -> Tensor:
        return whole(batch) if batch.ndim == 2 else fails()

    monkeypatch.setattr(torch.linalg, "svdvals", fails_on_batches)
    values, routine = svd_values(weight)
    assert routine == "svd: float64 on the CPU"
    torch.testing.assert_close(values.double(), exact, rtol=1e-6, atol=0)


def test_values_that_come_back_as_nan_count_as_not_converged(monkeypatch) -> None:
    monkeypatch.setattr(torch.linalg, "eigvalsh", lambda gram: gram.diagonal(dim1=-2, dim2=-1) * torch.nan)
    assert gram_values(matrix(6, 4))[1] == "gram: svd"


def test_where_nothing_converges_the_values_are_nan_and_nothing_is_raised(monkeypatch) -> None:
    monkeypatch.setattr(torch.linalg, "eigvalsh", fails)
    monkeypatch.setattr(torch.linalg, "svdvals", fails)
    for decompose, routine in ((gram_values, "gram: none converged"), (svd_values, "svd: none converged")):
        values, used = decompose(matrix(2, 6, 4))
        assert used == routine
        assert values.shape == (2, 4)
        assert values.isnan().all()


def test_a_matrix_that_is_not_finite_has_nan_values_and_spoils_no_neighbour() -> None:
    batch = matrix(3, 4, 5)
    batch[0, 1, 1], batch[1, 0, 0] = torch.inf, torch.nan
    for decompose, routine in ((gram_values, "gram"), (svd_values, "svd")):
        values, used = decompose(batch)
        assert used == routine
        assert values[:2].isnan().all()
        torch.testing.assert_close(values[2].double(), oracles.dense_singular_values(batch[2]), rtol=1e-5, atol=0)


def test_eigenpairs_are_found_one_by_one_where_a_batch_does_not_converge_and_are_nan_where_none_does(
    monkeypatch,
) -> None:
    batch = matrix(3, 5, 5)
    batch = batch + batch.mT
    whole, expected = torch.linalg.eigh, eigenpairs(batch)

    def fails_in_float32(weight: Tensor) -> tuple[Tensor, Tensor]:
        return whole(weight) if weight.dtype == torch.float64 else fails()

    monkeypatch.setattr(torch.linalg, "eigh", fails_in_float32)
    values, vectors = eigenpairs(batch)
    torch.testing.assert_close(values, expected[0], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(vectors @ torch.diag_embed(values) @ vectors.mT, batch, rtol=1e-5, atol=1e-5)
    monkeypatch.setattr(torch.linalg, "eigh", fails)
    values, vectors = eigenpairs(batch)
    assert (values.shape, vectors.shape) == ((3, 5), (3, 5, 5))
    assert values.isnan().all()
    assert vectors.isnan().all()
