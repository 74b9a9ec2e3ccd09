"""The measures named after WeightWatcher's are WeightWatcher's, and the fits behind them what they say."""

import json
import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from regularizers.measure import WEIGHT_WATCHER_VERSION, measure, power_law_0_7_5
from regularizers.measure.marchenko_pastur import marchenko_pastur
from regularizers.measure.power_law import power_law
from tests import oracles
from tests.regularizers.measure.agreement import EXACT, disagreements
from tests.regularizers.measure.matrices import MATRICES, matrix
from tests.regularizers.measure.networks import layer_of


def kept(version: str) -> dict[str, dict[str, float]]:
    """What that version of the package said of the matrices."""
    return json.loads((Path(__file__).parent / f"weightwatcher-{version}.json").read_text())["measures"]


BEFORE = kept("0.7.5.5")
NOW = kept(WEIGHT_WATCHER_VERSION)


def pareto(alpha: float, count: int) -> Tensor:
    """The σ of which the λ are the quantiles of the density ∝ λ^−alpha from 1 on, descending."""
    quantiles = (torch.arange(1, count + 1, dtype=torch.float64) - 0.5) / count
    return quantiles.pow(-0.5 / (alpha - 1))


@pytest.mark.parametrize("name", MATRICES)
def test_every_measure_equals_that_of_the_package(name: str) -> None:
    assert NOW[name]
    assert disagreements(name, NOW[name]) == {}


@pytest.mark.parametrize("name", BEFORE)
def test_the_power_law_of_before_equals_that_of_the_package_before(name: str) -> None:
    fit = power_law_0_7_5(torch.linalg.svdvals(matrix(name).double()))
    for measured in fit:
        assert fit[measured].item() == pytest.approx(BEFORE[name][measured], rel=EXACT), measured


def test_the_definitions_differ_where_fewer_than_20_values_are_fitted_and_nowhere_else() -> None:
    few = {name for name in BEFORE if (torch.linalg.svdvals(matrix(name).double()).square() > 1e-5).sum() < 20}
    moved = {name for name in BEFORE if NOW[name]["alpha"] != pytest.approx(BEFORE[name]["alpha"], rel=EXACT)}
    assert moved == few


@pytest.mark.parametrize("alpha", [2.0, 3.0, 4.0])
def test_the_quantiles_of_a_power_law_have_its_exponent(alpha: float) -> None:
    fit = power_law(pareto(alpha, 1000))
    assert fit["alpha"].item() == pytest.approx(alpha, abs=0.05)
    assert fit["D"].item() < 0.01


@pytest.mark.parametrize("count", [8, 10, 19, 20, 30, 300, 700], ids=str)
def test_all_candidates_at_once_find_what_one_after_the_other_finds(count: int) -> None:
    generator = torch.Generator().manual_seed(count)
    batch = torch.rand(3, count, generator=generator, dtype=torch.float64).sort(dim=-1, descending=True).values
    batch[2, count // 2 :] *= 1e-3  # below the threshold
    fit = power_law(batch)
    for i, values in enumerate(batch):
        assert (fit["alpha"][i].item(), fit["D"][i].item()) == pytest.approx(oracles.power_law(values), rel=1e-9)
    if count >= 10:
        before = power_law_0_7_5(batch)
        for i, values in enumerate(batch):
            expected = oracles.power_law(values, few=0)
            assert (before["alpha"][i].item(), before["D"][i].item()) == pytest.approx(expected, rel=1e-9)


def test_the_correction_takes_the_bias_from_the_exponent_of_few_values() -> None:
    generator = torch.Generator().manual_seed(0)
    draws = torch.rand(4000, 12, generator=generator, dtype=torch.float64).pow(-0.5 / (3 - 1))  # λ of the density ∝ λ⁻³
    values = draws.sort(dim=-1, descending=True).values
    # Over all 12 values the likeliest exponent is (12 alpha − 2) / 10 in the mean, the corrected one nearly alpha.
    assert power_law(values)["alpha"].mean().item() < power_law_0_7_5(values)["alpha"].mean().item() - 0.3


def test_too_few_values_or_values_that_are_all_small_or_equal_have_no_exponent() -> None:
    no_number = {
        "seven": pareto(3, 7),
        "small": 1e-3 * torch.linspace(1, 0.1, 20).double(),
        "one above the threshold": torch.tensor([1.0] + 19 * [1e-3]).double(),
        "equal": torch.ones(20).double(),
        "zero": torch.zeros(20).double(),
        "not finite": torch.full((20,), torch.nan).double(),
    }
    for what, values in no_number.items():
        assert not power_law(values)["alpha"].isfinite(), what


def test_an_exponent_is_left_out_where_there_is_none() -> None:
    few = measure(layer_of(torch.eye(7)), (7,))["0"].measures
    assert not {"alpha", "D", "alpha_weighted", "log_alpha_norm"} & few.keys()
    assert few["log_spectral_norm"] == 0


@pytest.mark.parametrize(("rows", "columns"), [(400, 400), (400, 1200), (900, 300)], ids=str)
def test_the_bulk_of_a_random_matrix_ends_where_the_law_says(rows: int, columns: int) -> None:
    generator = torch.Generator().manual_seed(0)
    values = torch.linalg.svdvals(torch.randn(rows, columns, generator=generator, dtype=torch.float64))
    measures = marchenko_pastur(values, rows, columns)
    assert measures["mp_softrank"].item() == pytest.approx(1, abs=0.05)
    assert measures["num_spikes"].item() == 0
    values[:3] *= torch.tensor([4.0, 3.0, 2.5])
    assert marchenko_pastur(values, rows, columns)["num_spikes"].item() == 3


def test_a_batch_gives_each_matrix_its_own_measures() -> None:
    harmonic = 1 / torch.arange(1, 101).double()  # no bulk fits
    few = torch.cat([pareto(2, 10), torch.full((90,), 1e-4).double()])  # above 10⁻⁵
    batch = torch.stack([pareto(2, 100), pareto(3, 100), torch.linspace(2, 1, 100).double(), harmonic, few])
    assert marchenko_pastur(batch, 100, 300)["mp_softrank"][3].item() == pytest.approx(0.0025)
    for measures in (power_law, lambda values: marchenko_pastur(values, 100, 300)):
        together = measures(batch)
        for i, values in enumerate(batch):
            for name, alone in measures(values).items():
                torch.testing.assert_close(together[name][i], alone, rtol=1e-12, atol=0, equal_nan=True)


@pytest.mark.parametrize("factor", [0.1, 1.0, 7.0])
@pytest.mark.parametrize(("rows", "columns"), [(60, 100), (80, 80)])
def test_values_that_differ_by_rounding_alone_have_neither_power_law_nor_bulk(rows, columns, factor: float) -> None:
    weight = torch.nn.init.orthogonal_(torch.empty(rows, columns), generator=torch.Generator().manual_seed(0))
    net = torch.nn.Sequential(torch.nn.Linear(columns, rows))
    net[0].weight.data = factor * weight
    spectrum = measure(net, (columns,))["0"]
    fitted = {"alpha", "D", "alpha_weighted", "log_alpha_norm", "mp_softrank", "num_spikes"}
    assert not fitted & spectrum.measures.keys()
    assert spectrum.log_spectral_norm == pytest.approx(2 * math.log10(factor), abs=1e-5)


@pytest.mark.parametrize(("rows", "columns"), [(100, 300), (1000, 300)])
def test_values_without_a_bulk_have_the_first_edge_that_is_tried(rows: int, columns: int) -> None:
    found = marchenko_pastur(1 / torch.arange(1, min(rows, columns) + 1).double(), rows, columns)
    assert found["mp_softrank"].item() == pytest.approx(0.0025)


def test_the_bulk_does_not_depend_on_the_weights_scale() -> None:
    values = torch.linalg.svdvals(matrix("spiked 60x100").double())
    for factor in (1e-6, 1e6):
        scaled = marchenko_pastur(factor * values, 60, 100)
        torch.testing.assert_close(scaled, marchenko_pastur(values, 60, 100), rtol=1e-9, atol=0)
