"""Facts about the small matrices of block power iteration."""

import pytest
import torch
from torch import Tensor, nn

from regularizers.linalg.block import orthonormalizer, start_block, top_coordinates


def gram(*values: float, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    basis, _ = torch.linalg.qr(torch.randn(len(values), len(values), generator=generator, dtype=torch.float64))
    return basis @ torch.diag(torch.tensor(values, dtype=torch.float64)) @ basis.mT


@pytest.mark.parametrize("values", [(5.0, 4.0, 1.0), (1e12, 1.0, 0.0), (1e-12, 5e-13, 0.0), (1.0,)], ids=str)
def test_coordinates_are_the_leading_eigenvector(values: tuple[float, ...]) -> None:
    matrix = gram(*values)
    expected = torch.linalg.eigh(matrix).eigenvectors[:, -1]
    assert (top_coordinates(matrix) @ expected).abs().item() == pytest.approx(1.0, abs=1e-9)


def test_coordinates_of_tied_values_lie_in_their_span_and_those_of_zero_are_zero() -> None:
    matrix = gram(3.0, 3.0, 1.0)
    found = top_coordinates(matrix)
    assert torch.linalg.vector_norm(matrix @ found).item() == pytest.approx(3.0, rel=1e-12)
    assert top_coordinates(torch.zeros(2, 4, 4)).count_nonzero() == 0


def test_rows_become_orthonormal_span_the_same_and_begin_with_the_one_asked_for() -> None:
    rows = torch.randn(2, 5, 30, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    first = nn.functional.normalize(torch.randn(2, 5, generator=torch.Generator().manual_seed(1)).double(), dim=-1)
    new = orthonormalizer(rows @ rows.mT, first) @ rows
    torch.testing.assert_close(new @ new.mT, torch.eye(5).double().expand(2, 5, 5), rtol=0, atol=1e-4)
    wanted = nn.functional.normalize((first.unsqueeze(-2) @ rows).squeeze(-2), dim=-1)
    torch.testing.assert_close(new[:, 0], wanted, rtol=0, atol=1e-14)
    projector = torch.linalg.pinv(rows) @ rows
    torch.testing.assert_close(new @ projector, new, rtol=0, atol=1e-12)


def test_rows_that_depend_on_each_other_stay_finite_and_no_longer_than_one() -> None:
    rows = torch.ones(4, 1) * torch.linspace(-1, 1, 9)
    new = orthonormalizer(rows @ rows.mT, torch.tensor([1.0, 0, 0, 0])).float() @ rows
    assert new.isfinite().all()
    assert torch.linalg.vector_norm(new, dim=-1).max() <= 1 + 1e-6


def test_a_start_begins_with_the_known_direction_and_is_orthonormal() -> None:
    v = nn.functional.normalize(torch.arange(1.0, 13.0), dim=0)
    block = start_block(v, 5)
    torch.testing.assert_close(block[0], v)
    torch.testing.assert_close(block @ block.mT, torch.eye(5), rtol=0, atol=1e-6)
