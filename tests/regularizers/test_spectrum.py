"""Facts about singular values, norms and leading vectors, against dense float64 twins."""

import math

import pytest
import torch
from torch import Tensor

from regularizers import spectrum
from regularizers.linalg import linear_map
from regularizers.linalg.padded_norm import NORM_ERROR
from tests import oracles

KERNELS = {
    "3x3 on 5x5": (4, 3, 3, 3, (5, 5)),
    "3x3 on 6x4": (4, 3, 3, 3, (6, 4)),
    "more inputs than outputs": (2, 5, 3, 3, (4, 4)),
    "5x5 on 7x7": (3, 2, 5, 5, (7, 7)),
    "1x1": (4, 3, 1, 1, (4, 3)),
    "one channel": (1, 1, 3, 3, (5, 4)),
    "even kernel": (3, 3, 2, 4, (5, 6)),
    "one row of pixels": (3, 2, 1, 3, (1, 6)),
}
LARGER_THAN_THE_IMAGE = {
    "3x3 on 2x2": (3, 2, 3, 3, (2, 2)),
    "5x5 on 3x4": (2, 2, 5, 5, (3, 4)),
    "3x3 on one pixel": (4, 3, 3, 3, (1, 1)),
}


def kernel(co: int, ci: int, kh: int, kw: int, seed: int = 0) -> Tensor:
    return torch.randn(co, ci, kh, kw, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def matrix(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def by_id(cases: dict[str, tuple]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("co", "ci", "kh", "kw", "size"), cases.values(), ids=cases.keys())


@by_id(KERNELS | LARGER_THAN_THE_IMAGE)
def test_circular_values_equal_those_of_the_unrolled_convolution(co, ci, kh, kw, size) -> None:
    weight = kernel(co, ci, kh, kw)
    values = spectrum.singular_values(weight, "circular", input_size=size)
    dense = oracles.dense_singular_values(oracles.circular_matrix(weight, size))
    assert values.shape == (size[0] * size[1] * min(co, ci),)
    torch.testing.assert_close(values, dense[: len(values)], rtol=0, atol=1e-10)


@by_id(KERNELS)
def test_squares_of_circular_values_sum_to_pixels_times_the_squared_frobenius_norm(co, ci, kh, kw, size) -> None:
    weight = kernel(co, ci, kh, kw)
    values = spectrum.singular_values(weight, "circular", input_size=size)
    assert values.square().sum().item() == pytest.approx(size[0] * size[1] * weight.square().sum().item(), rel=1e-12)


@by_id(KERNELS)
def test_the_circular_norm_lies_between_the_flat_norm_and_the_root_of_the_taps_times_it(co, ci, kh, kw, size) -> None:
    weight = kernel(co, ci, kh, kw)
    flat, circular = spectrum.spectral_norm(weight), spectrum.spectral_norm(weight, "circular", size)
    assert flat <= circular * (1 + 1e-12)
    assert circular <= math.sqrt(kh * kw) * flat * (1 + 1e-12)


@by_id(KERNELS)
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_the_padded_norm_equals_that_of_the_unrolled_convolution(co, ci, kh, kw, size, stride, padding) -> None:
    weight = kernel(co, ci, kh, kw)
    if min(n + 2 * padding - k for n, k in zip(size, (kh, kw), strict=True)) < 0:
        with pytest.raises(ValueError, match="the padded image must hold the kernel"):
            spectrum.spectral_norm(weight, "padded", size, stride, padding)
        return
    exact = oracles.dense_singular_values(oracles.padded_matrix(weight, size, stride, padding))[0].item()
    norm = spectrum.spectral_norm(weight, "padded", size, stride, padding)
    assert norm == pytest.approx(exact, rel=NORM_ERROR)
    assert norm <= exact * (1 + 1e-12)


def test_a_stride_lowers_the_padded_norm_and_a_single_tap_makes_all_views_equal() -> None:
    weight = kernel(8, 4, 3, 3)
    norms = [spectrum.spectral_norm(weight, "padded", (8, 8), stride, 1) for stride in (1, 2)]
    assert norms[1] <= norms[0]
    point = kernel(8, 4, 1, 1)
    views = [spectrum.spectral_norm(point, view, (6, 6)) for view in ("flat", "circular", "padded")]
    assert views == pytest.approx([views[0]] * 3, rel=NORM_ERROR)


def test_a_batch_gives_each_members_own_values() -> None:
    kernels = torch.stack([kernel(4, 3, 3, 3, seed) for seed in range(3)])
    for view in ("flat", "circular"):
        batch = spectrum.singular_values(kernels, view, input_size=(4, 5))
        alone = [spectrum.singular_values(kernel, view, input_size=(4, 5)) for kernel in kernels]
        torch.testing.assert_close(batch, torch.stack(alone), rtol=0, atol=1e-12)


def test_frequencies_taken_in_chunks_give_the_same_values(monkeypatch: pytest.MonkeyPatch) -> None:
    weight = kernel(4, 3, 3, 3)
    whole = spectrum.singular_values(weight, "circular", input_size=(5, 6))
    monkeypatch.setattr(spectrum, "_CHUNK", 3 * 12)
    torch.testing.assert_close(spectrum.singular_values(weight, "circular", input_size=(5, 6)), whole)


def test_half_the_frequencies_count_for_all() -> None:
    for h in range(1, 7):
        for w in range(1, 7):
            points, multiplicity = linear_map.frequencies((h, w))
            assert multiplicity.sum() == h * w
            assert len(points) == (h * w + (2 - h % 2) * (2 - w % 2)) // 2


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_weights_have_singular_values(dtype: torch.dtype) -> None:
    weight = kernel(4, 3, 3, 3).to(dtype)
    for view in ("flat", "circular"):
        values = spectrum.singular_values(weight, view, input_size=(4, 4))
        exact = spectrum.singular_values(weight.double(), view, input_size=(4, 4))
        torch.testing.assert_close(values.double(), exact, rtol=1e-4, atol=1e-5)


def test_values_of_float32_lie_within_a_millionth_of_the_norm_of_the_float64_values() -> None:
    weight = matrix(300, 200).float()
    error = spectrum.singular_values(weight).double() - oracles.dense_singular_values(weight)
    assert error.abs().max() <= 1e-6 * oracles.dense_singular_values(weight)[0]


@pytest.mark.parametrize("shape", [(6, 4), (3, 6, 4)], ids=["one", "batch"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64], ids=["real", "complex"])
def test_a_routine_that_does_not_converge_falls_back_to_float64(monkeypatch, shape, dtype) -> None:
    weight = matrix(*shape).to(dtype)
    exact = torch.linalg.svdvals(weight)
    routine = torch.linalg.svdvals

    def fails_in_single_precision(matrix: Tensor, *, driver: str | None = None) -> Tensor:
        if matrix.dtype in {torch.float32, torch.complex64}:
            raise torch.linalg.LinAlgError("did not converge")
        return routine(matrix, driver=driver)

    monkeypatch.setattr(torch.linalg, "svdvals", fails_in_single_precision)
    values = spectrum.svdvals(weight)
    torch.testing.assert_close(values, exact)


def test_a_matrix_that_is_not_finite_has_nan_values_and_spoils_no_neighbour() -> None:
    batch = matrix(2, 4, 3)
    batch[0, 1, 1] = torch.inf
    values = spectrum.svdvals(batch)
    assert values[0].isnan().all()
    torch.testing.assert_close(values[1], oracles.dense_singular_values(batch[1]))
    assert math.isnan(spectrum.spectral_norm(torch.full((2, 2, 3, 3), torch.nan), "padded", (4, 4)))


@pytest.mark.parametrize("shape", [(7, 5), (5, 7), (1, 6), (6, 1), (4, 6, 3)], ids=str)
def test_power_iteration_finds_the_leading_triplet(shape: tuple[int, ...]) -> None:
    weight = matrix(*shape)
    start = matrix(*shape[:-2], shape[-1], seed=1)
    u, sigma, v = spectrum.top_triplet(weight, start / start.norm(dim=-1, keepdim=True), 400)
    exact = torch.linalg.svdvals(weight)[..., 0]
    torch.testing.assert_close(sigma, exact, rtol=1e-8, atol=0)
    torch.testing.assert_close(weight @ v.unsqueeze(-1), (sigma.unsqueeze(-1) * u).unsqueeze(-1), rtol=0, atol=1e-4)


def test_the_estimate_never_exceeds_the_norm_and_meets_its_left_equation_exactly() -> None:
    weight, v = matrix(8, 6), torch.nn.functional.normalize(matrix(6, seed=1), dim=0)
    u, sigma, v = spectrum.top_triplet(weight, v, 1)
    assert sigma <= torch.linalg.svdvals(weight)[0]
    torch.testing.assert_close(weight.mT @ u, sigma * v, rtol=0, atol=1e-14)


def test_a_zero_matrix_keeps_its_vector_and_makes_no_nan() -> None:
    v = torch.nn.functional.normalize(matrix(2, 3), dim=-1)
    batch = torch.stack([torch.zeros(4, 3, dtype=torch.float64), matrix(4, 3)])
    u, sigma, new = spectrum.top_triplet(batch, v, 3)
    assert torch.equal(new[0], v[0])
    assert u[0].count_nonzero() == 0
    assert sigma[0] == 0
    assert all(tensor.isfinite().all() for tensor in (u, sigma, new))


@pytest.mark.parametrize("shape", [(256, 256), (100, 300), (300, 100), (1, 40), (40, 1)], ids=str)
def test_the_start_direction_of_a_random_matrix_is_accurate(shape: tuple[int, int]) -> None:
    weight = matrix(*shape)
    v = spectrum.leading_direction(weight)
    exact = torch.linalg.svdvals(weight)[0]
    assert v.norm().item() == pytest.approx(1)
    assert (weight @ v).norm() == pytest.approx(exact.item(), rel=1e-6)


def test_the_start_direction_of_an_orthogonal_matrix_is_any_unit_vector() -> None:
    orthogonal, _ = torch.linalg.qr(matrix(20, 20))
    v = spectrum.leading_direction(orthogonal)
    assert (orthogonal @ v).norm().item() == pytest.approx(1)


@pytest.mark.parametrize(
    ("weight", "view", "size", "message"),
    [
        (
            torch.zeros(2, 2),
            "circlar",
            None,
            "view must be one of flat, circular; got 'circlar'; did you mean",
        ),
        (torch.zeros(2, 2), "circular", (4, 4), 'view "circular" needs a kernel'),
        (torch.zeros(2, 2, 3, 3), "circular", None, r"needs input_size=\(h, w\), each >= 1, got None"),
        (torch.zeros(2, 2, 3, 3), "circular", (0, 4), r"needs input_size=\(h, w\), each >= 1, got \(0, 4\)"),
        (torch.zeros(2), "flat", None, r"a weight has 2 to 5 dimensions, got shape \(2,\)"),
    ],
    ids=["unknown view", "no kernel", "no size", "empty size", "a vector"],
)
def test_a_view_that_does_not_fit_is_refused(weight, view, size, message) -> None:
    with pytest.raises(ValueError, match=message):
        spectrum.singular_values(weight, view, input_size=size)
