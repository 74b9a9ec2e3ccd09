"""The measures named after WeightWatcher's are WeightWatcher's, and the fits behind them what they say."""

import json
import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from regularizers.measure import measure
from regularizers.measure.marchenko_pastur import marchenko_pastur
from regularizers.measure.power_law import power_law
from tests import oracles
from tests.regularizers.measure.matrices import MATRICES, matrix
from tests.regularizers.measure.test_weights import layer_of

REFERENCE = json.loads((Path(__file__).parent / "weightwatcher.json").read_text())["measures"]
CLOSE = dict.fromkeys(("alpha", "D", "alpha_weighted", "log_alpha_norm", "log_spectral_norm", "stable_rank"), 1e-6)
# That package ends its search for the bulk's scale within 10⁻⁴, wherever it stands.
TOLERANCES = CLOSE | {"mp_softrank": 2e-3, "num_spikes": 0}


def pareto(alpha: float, count: int) -> Tensor:
    """The σ of which the λ are the quantiles of the density ∝ λ^−alpha from 1 on, descending."""
    quantiles = (torch.arange(1, count + 1, dtype=torch.float64) - 0.5) / count
    return quantiles.pow(-0.5 / (alpha - 1))


@pytest.mark.parametrize("name", MATRICES)
def test_every_measure_equals_that_of_the_package(name: str) -> None:
    measures = measure(layer_of(matrix(name)), (1,))["0"].measures
    for measured, value in REFERENCE[name].items():
        assert measures[measured] == pytest.approx(value, rel=TOLERANCES[measured]), measured
    assert ("mp_softrank" in measures) == ("mp_softrank" in REFERENCE[name])


@pytest.mark.parametrize("alpha", [2.0, 3.0, 4.0])
def test_the_quantiles_of_a_power_law_have_its_exponent(alpha: float) -> None:
    fit = power_law(pareto(alpha, 1000))
    assert fit["alpha"].item() == pytest.approx(alpha, abs=0.05)
    assert fit["D"].item() < 0.01


@pytest.mark.parametrize("count", [10, 11, 300, 700], ids=str)
def test_all_candidates_at_once_find_what_one_after_the_other_finds(count: int) -> None:
    generator = torch.Generator().manual_seed(count)
    batch = torch.rand(3, count, generator=generator, dtype=torch.float64).sort(dim=-1, descending=True).values
    batch[2, count // 2 :] *= 1e-3  # below the threshold
    fit = power_law(batch)
    for i, values in enumerate(batch):
        assert (fit["alpha"][i].item(), fit["D"][i].item()) == pytest.approx(oracles.power_law(values), rel=1e-9)


def test_too_few_values_or_values_that_are_all_small_or_equal_have_no_exponent() -> None:
    no_number = {
        "nine": pareto(3, 9),
        "small": 1e-3 * torch.linspace(1, 0.1, 20).double(),
        "one above the threshold": torch.tensor([1.0] + 19 * [1e-3]).double(),
        "equal": torch.ones(20).double(),
        "zero": torch.zeros(20).double(),
        "not finite": torch.full((20,), torch.nan).double(),
    }
    for what, values in no_number.items():
        assert not power_law(values)["alpha"].isfinite(), what


def test_an_exponent_is_left_out_where_there_is_none() -> None:
    few = measure(layer_of(torch.eye(9)), (9,))["0"].measures
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
    batch = torch.stack([pareto(2, 50), pareto(3, 50), torch.linspace(2, 1, 50).double()])
    for measures in (power_law, lambda values: marchenko_pastur(values, 50, 80)):
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


def test_the_bulk_does_not_depend_on_the_weights_scale() -> None:
    values = torch.linalg.svdvals(matrix("spiked 60x100").double())
    for factor in (1e-6, 1e6):
        scaled = marchenko_pastur(factor * values, 60, 100)
        torch.testing.assert_close(scaled, marchenko_pastur(values, 60, 100), rtol=1e-9, atol=0)
