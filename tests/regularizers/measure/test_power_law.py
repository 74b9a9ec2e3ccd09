"""Facts about the power law of a spectrum's tail."""

import math

import pytest
import torch

from regularizers.measure.power_law import power_law


@pytest.mark.parametrize("exponent", [2.0, 3.0, 4.0])
def test_quantiles_of_a_pareto_law_give_its_exponent(exponent: float) -> None:
    shares = (torch.arange(1, 1001).double() - 0.5) / 1000
    values = shares.pow(-1 / (exponent - 1)).sqrt().sort(descending=True).values
    fit = power_law(values)
    assert fit["alpha"].item() == pytest.approx(exponent, abs=0.1)
    assert fit["D"].item() < 0.01
    assert fit["log_spectral_norm"].item() == pytest.approx(2 * math.log10(values[0].item()))
    assert fit["alpha_weighted"].item() == pytest.approx(fit["alpha"].item() * 2 * math.log10(values[0].item()))


def test_the_candidate_of_the_smallest_distance_is_taken_as_by_trying_each_in_turn() -> None:
    values = torch.randn(60, generator=torch.Generator().manual_seed(0), dtype=torch.float64).abs() + 0.1
    squares = values.square().sort().values
    best = (math.inf, math.nan)
    for i in range(len(squares) - 1):
        tail = squares[i:]
        alpha = 1 + len(tail) / (tail / tail[0]).log().sum().item()
        law = 1 - (tail / tail[0]) ** (1 - alpha)
        best = min(best, ((law - torch.arange(len(tail), dtype=torch.float64) / len(tail)).abs().max().item(), alpha))
    fit = power_law(values.sort(descending=True).values)
    assert (fit["D"].item(), fit["alpha"].item()) == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize("values", [torch.ones(20), torch.ones(5), torch.zeros(20)], ids=["equal", "few", "zero"])
def test_values_without_a_tail_have_no_exponent(values: torch.Tensor) -> None:
    assert not power_law(values.double())["alpha"].isfinite()
