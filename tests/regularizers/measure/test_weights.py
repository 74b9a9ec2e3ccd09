"""Facts about the measures of a model's weights."""

import math

import pytest
import torch
from torch import nn

from regularizers.measure import BUNDLES, MEASURES, MOVEMENT, measure
from tests import oracles
from tests.regularizers.measure.networks import Branched, spectrum_of


def test_an_orthogonal_matrix_has_full_ranks_of_every_kind() -> None:
    for n in (1, 2, 64):
        spectrum = spectrum_of(3 * torch.eye(n))
        assert (spectrum.rank, spectrum.spectral_norm) == (n, 3)
        assert (spectrum.stable_rank, spectrum.effective_rank) == pytest.approx((n, n))
        assert spectrum.frobenius_norm == pytest.approx(3 * math.sqrt(n))


def test_a_rank_one_matrix_has_ranks_of_one() -> None:
    spectrum = spectrum_of(torch.outer(torch.linspace(1, 2, 20), torch.linspace(-1, 1, 30)))
    assert spectrum.rank == 1
    assert (spectrum.stable_rank, spectrum.effective_rank) == pytest.approx((1, 1), rel=1e-4)


def test_powers_of_one_half_give_the_closed_forms() -> None:
    n = 10
    spectrum = spectrum_of(torch.diag(0.5 ** torch.arange(n, dtype=torch.float64)))
    p = [0.5**i / (2 - 0.5 ** (n - 1)) for i in range(n)]
    assert spectrum.rank == n
    assert spectrum.stable_rank == pytest.approx((1 - 0.25**n) / 0.75)
    assert spectrum.effective_rank == pytest.approx(math.exp(-sum(q * math.log(q) for q in p)))


def test_a_zero_matrix_measures_zero_and_nothing_is_nan() -> None:
    spectrum = spectrum_of(torch.zeros(4, 3))
    assert set(spectrum.measures.values()) == {0.0}


@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (1, 1)], ids=str)
def test_one_row_or_column_has_ranks_of_one_and_its_own_length_as_norm(shape: tuple[int, int]) -> None:
    weight = torch.arange(1.0, 1 + shape[0] * shape[1]).view(shape)
    spectrum = spectrum_of(weight)
    assert spectrum.spectral_norm == pytest.approx(weight.norm().item())
    assert (spectrum.rank, spectrum.stable_rank) == (1, pytest.approx(1))
    assert spectrum.effective_rank == pytest.approx(1)


def test_every_measure_is_a_finite_number_even_of_the_largest_and_smallest_weights() -> None:
    for factor in (1e-30, 1e-15, 1.0, 1e15, 1e30):
        measures = spectrum_of(factor * torch.randn(20, 30, generator=torch.Generator().manual_seed(0))).measures
        assert all(math.isfinite(number) for number in measures.values())
        assert measures["rank"] == 20


def test_the_bundles_hold_one_another_and_all_measures_between_them() -> None:
    torch.manual_seed(0)
    model = nn.Linear(30, 20)
    economy, standard, full = (measure(model, (30,), bundle=bundle)[""].measures for bundle in BUNDLES)
    assert economy.keys() < standard.keys()
    assert standard == full
    assert standard.keys() == MEASURES.keys() - MOVEMENT.keys()
    assert economy == {name: standard[name] for name in economy}


def test_the_same_weights_give_the_same_bits_for_any_number_of_threads(branched: Branched) -> None:
    threads = torch.get_num_threads()
    found = []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            views = [measure(branched, (2, 8, 6), view) for view in ("flat", "circular", "padded")]
            found.append([(s.measures, s.singular_values.tolist()) for spectra in views for s in spectra.values()])
    finally:
        torch.set_num_threads(threads)
    assert found[0] == found[1] == found[2]


def test_orthogonal_initialization_times_the_root_of_the_fan_ratio_has_rms_norm_one() -> None:
    for rows, columns, frobenius in (
        (200, 307, math.sqrt(200 * 200 / 307)),
        (10, 200, math.sqrt(10 * 10 / 200)),
    ):
        torch.manual_seed(0)
        weight = nn.init.orthogonal_(torch.empty(rows, columns)) * math.sqrt(rows / columns)
        spectrum = spectrum_of(weight)
        assert spectrum.rms_norm == pytest.approx(1, rel=1e-5)
        assert spectrum.frobenius_norm == pytest.approx(frobenius, rel=1e-5)
        assert spectrum.singular_values.numpy() == pytest.approx(math.sqrt(rows / columns), rel=1e-5)


@pytest.mark.parametrize(
    ("rows", "columns", "norm"),
    [(2000, 2000, 1.1547), (100, 2000, 0.7064), (512, 4608, 0.7698)],
    ids=["square", "head", "convolution 512-512-3-3"],
)
def test_default_initialization_has_the_norm_of_random_matrix_theory(rows: int, columns: int, norm: float) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(columns, rows, bias=False)
    spectrum = spectrum_of(layer.weight.detach())
    assert spectrum.spectral_norm == pytest.approx(norm, rel=0.02)  # (√m + √n) / √(3n), an asymptote
    assert spectrum.frobenius_norm == pytest.approx(math.sqrt(rows / 3), rel=0.02)
    if rows == columns:
        assert spectrum.stable_rank == pytest.approx(rows / 4, rel=0.02)
        assert spectrum.effective_rank / rows == pytest.approx(0.805, rel=0.02)


def test_the_flat_view_has_every_weight_in_order_with_float32_values_on_the_cpu(branched: Branched) -> None:
    spectra = measure(branched, (2, 8, 6))
    assert list(spectra) == ["a", "b", "shortcut", "head"]
    assert (spectra["b"].fan_out, spectra["b"].fan_in) == (3, 36)
    for name, spectrum in spectra.items():
        weight = branched.get_submodule(name).weight.detach()
        exact = oracles.dense_singular_values(weight)
        assert spectrum.view == "flat"
        assert spectrum.singular_values.dtype == torch.float32
        torch.testing.assert_close(spectrum.singular_values, exact.float(), rtol=0, atol=1e-6 * exact[0].item())
        assert spectrum.frobenius_norm == pytest.approx(weight.norm().item(), rel=1e-5)


def test_weights_of_equal_shape_are_measured_as_if_alone() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 2))
    spectra = measure(model, (6,))
    assert spectra["1"].spectral_norm == pytest.approx(spectrum_of(model[1].weight.detach()).spectral_norm, rel=1e-6)
    assert spectra["0"].spectral_norm != spectra["1"].spectral_norm


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors is a no-op:UserWarning")
@pytest.mark.parametrize("sizes", [(5, 0), (0, 5)])
def test_a_weight_without_entries_is_refused_in_words(sizes: tuple[int, int]) -> None:
    model = nn.Sequential(nn.Linear(5, 5), nn.Linear(*sizes))
    shape = str(sizes[::-1]).replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(ValueError, match=f"a weight must have entries, got shape {shape} in '1'; remove the layer"):
        measure(model, (5,))


@pytest.mark.parametrize("factor", [1e-200, 1e200])
def test_norms_and_ranks_of_float64_weights_hold_at_any_size(factor: float) -> None:
    torch.manual_seed(0)
    weight = torch.randn(5, 4, dtype=torch.float64)
    unit, scaled = spectrum_of(weight), spectrum_of(factor * weight)
    for name in ("spectral_norm", "rms_norm", "frobenius_norm", "nuclear_norm"):
        assert scaled.measures[name] == pytest.approx(factor * unit.measures[name], rel=1e-12)
    assert scaled.stable_rank == pytest.approx(unit.stable_rank, rel=1e-12)
