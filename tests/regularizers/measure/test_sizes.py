"""Facts about norms, ranks and concentration: closed forms."""

import math

import pytest
import torch

from regularizers.measure.sizes import norms, ranks

RANKS = ("rank", "stable_rank", "effective_rank", "effective_rank_squared", "participation_ratio")


def ranks_of(*values: float, tolerance: float = 1e-6) -> dict[str, float]:
    found = ranks(torch.tensor(values, dtype=torch.float64), tolerance)
    return {name: number.item() for name, number in found.items()}


@pytest.mark.parametrize("n", [1, 2, 10, 100])
def test_equal_values_have_full_ranks_of_every_kind_and_no_concentration(n: int) -> None:
    found = ranks_of(*([3.0] * n))
    assert all(found[name] == pytest.approx(n) for name in RANKS)
    assert found["n90"] == math.ceil(0.9 * n)
    assert (found["gini"], found["condition_number"]) == (pytest.approx(0, abs=1e-15), 1)


def test_a_single_value_has_ranks_of_one_and_all_concentration() -> None:
    found = ranks_of(7.0, 0.0, 0.0, 0.0)
    assert all(found[name] == pytest.approx(1) for name in (*RANKS, "n90"))
    assert found["gini"] == pytest.approx(3 / 4)
    assert math.isnan(found["condition_number"])


def test_powers_of_one_half_give_the_closed_forms() -> None:
    n = 10
    found = ranks_of(*(0.5**i for i in range(n)))
    p = [0.5**i / (2 - 0.5 ** (n - 1)) for i in range(n)]
    q = [0.25**i * 0.75 / (1 - 0.25**n) for i in range(n)]
    assert found["stable_rank"] == pytest.approx((1 - 0.25**n) / 0.75)
    assert found["effective_rank"] == pytest.approx(math.exp(-sum(x * math.log(x) for x in p)))
    assert found["effective_rank_squared"] == pytest.approx(math.exp(-sum(x * math.log(x) for x in q)))
    assert found["participation_ratio"] == pytest.approx(1 / sum(x * x for x in q))
    assert found["condition_number"] == pytest.approx(512)
    assert (found["rank_1e_2"], found["rank_1e_3"], found["n90"]) == (7, 10, 4)
    differences = sum(abs(a - b) for a in p for b in p)
    assert found["gini"] == pytest.approx(differences / (2 * n))  # p sums to 1


def test_no_smooth_rank_depends_on_scale_however_extreme() -> None:
    for factor in (1e-300, 1e-30, 1e30, 1e150):
        scaled = ranks_of(*(factor * s for s in (3.0, 2.0, 1.0)))
        assert scaled == pytest.approx(ranks_of(3.0, 2.0, 1.0))


def test_norms_are_those_of_the_vector_of_values() -> None:
    found = norms(torch.tensor([[4.0, 3.0], [0.0, 0.0]]).double(), 4.0)
    assert {name: norm.tolist() for name, norm in found.items()} == {
        "spectral_norm": [4, 0],
        "rms_norm": [8, 0],
        "frobenius_norm": [5, 0],
        "nuclear_norm": [7, 0],
    }


@pytest.mark.parametrize("factor", [1e-300, 1e-200, 1e200, 1e300])
def test_the_frobenius_norm_neither_over_nor_underflows(factor: float) -> None:
    found = norms(factor * torch.tensor([4.0, 3.0, 0.0]).double(), 1.0)["frobenius_norm"]
    assert found.item() == pytest.approx(5 * factor, rel=1e-14)


def test_a_zero_matrix_has_zero_of_everything_but_a_condition_number() -> None:
    found = ranks_of(0.0, 0.0)
    assert math.isnan(found.pop("condition_number"))
    assert set(found.values()) == {0}
