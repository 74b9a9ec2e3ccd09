"""Facts about leading singular triplets."""

import pytest
import torch
from torch import Tensor

from regularizers.measure.top_triplets import TOLERANCE, top_triplets


def matrix(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def with_values(rows: int, columns: int, values: Tensor) -> Tensor:
    """A float32 matrix of known singular values."""
    left = torch.linalg.qr(matrix(rows, len(values)).double()).Q
    right = torch.linalg.qr(matrix(columns, len(values), seed=1).double()).Q
    return (left * values @ right.mT).float()


@pytest.mark.parametrize("shape", [(300, 500), (900, 600), (600, 2304), (10, 700), (3, 2), (1, 9)], ids=str)
def test_values_and_vectors_are_those_of_a_whole_decomposition(shape: tuple[int, int]) -> None:
    smaller = min(shape)
    weight = with_values(*shape, torch.linspace(3, 0.5, smaller, dtype=torch.float64) ** 3)
    U, s, V = top_triplets(weight, 10)
    expected_u, expected, expected_vh = torch.linalg.svd(weight.double(), full_matrices=False)
    k = min(10, smaller)
    assert (U.shape, s.shape, V.shape) == ((shape[0], k), (k,), (shape[1], k))
    torch.testing.assert_close(s, expected[:k], rtol=1e-6, atol=0)
    torch.testing.assert_close((U * expected_u[:, :k]).sum(0).abs(), torch.ones_like(s), rtol=0, atol=1e-5)
    torch.testing.assert_close((V * expected_vh[:k].mT).sum(0).abs(), torch.ones_like(s), rtol=0, atol=1e-5)


def test_a_random_square_matrix_whose_values_crowd_at_the_edge_is_told_apart() -> None:
    weight = matrix(1000, 1000)
    _, s, _ = top_triplets(weight, 10)
    torch.testing.assert_close(s, torch.linalg.svdvals(weight.double())[:10], rtol=1e-6, atol=0)


def test_a_batch_gives_what_its_matrices_give_alone_and_the_same_again() -> None:
    batch = matrix(3, 520, 600)
    batch[1] *= torch.linspace(1, 0.1, 600)
    together = top_triplets(batch, 4)
    for i in range(3):
        alone = top_triplets(batch[i], 4)
        torch.testing.assert_close(together[1][i], alone[1], rtol=1e-9, atol=0)
    assert all(torch.equal(a, b) for a, b in zip(together, top_triplets(batch, 4), strict=True))


@pytest.mark.parametrize("span", [2, 6, 30], ids=lambda span: f"over {span} decades")
def test_values_of_very_different_size_are_found_in_one_block_of_a_large_matrix(span: int) -> None:
    values = torch.logspace(0, -span, 600, dtype=torch.float64)
    weight = with_values(600, 700, values)
    U, s, _ = top_triplets(weight, 10)
    torch.testing.assert_close(s, values[:10], rtol=0, atol=1e-5)
    image = weight.double() @ (weight.double().mT @ U)
    assert torch.linalg.vector_norm(image - U * s.square(), dim=0).max() <= 1.1 * TOLERANCE
    torch.testing.assert_close(U.mT @ U, torch.eye(10, dtype=torch.float64), rtol=0, atol=1e-4)
    large = top_triplets(weight * 1e25, 10)[1]
    torch.testing.assert_close(large, s * 1e25, rtol=1e-5, atol=1e20)


def test_equal_singular_values_and_low_rank_give_orthonormal_vectors() -> None:
    orthogonal = torch.linalg.qr(matrix(700, 600)).Q
    U, s, V = top_triplets(orthogonal, 10)
    torch.testing.assert_close(s, torch.ones_like(s), rtol=1e-5, atol=0)
    for vectors in (U, V):
        torch.testing.assert_close(vectors.mT @ vectors, torch.eye(10, dtype=torch.float64), rtol=0, atol=1e-4)
    low = with_values(600, 700, torch.tensor([3.0, 2.0, 1.0], dtype=torch.float64))
    torch.testing.assert_close(top_triplets(low, 10)[1][:3], torch.tensor([3.0, 2.0, 1.0]).double(), rtol=1e-5, atol=0)
    assert top_triplets(low, 10)[1][3:].max() < 1e-5


@pytest.mark.parametrize("shape", [(3, 4), (600, 700)], ids=str)
def test_a_zero_matrix_has_zeros_and_one_that_is_not_finite_has_nan_and_spoils_no_other(shape: tuple[int, int]) -> None:
    batch = torch.stack([torch.zeros(shape), torch.full(shape, torch.inf), matrix(*shape)])
    U, s, V = top_triplets(batch, 2)
    assert s[0].eq(0).all()
    assert all(x[1].isnan().all() for x in (U, s, V))
    torch.testing.assert_close(s[2], torch.linalg.svdvals(batch[2].double())[:2], rtol=1e-6, atol=0)
