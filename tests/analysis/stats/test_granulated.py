import itertools
import math

import numpy as np
import pytest

from analysis.stats import granulated_tau, granulated_taus, kendall_tau
from analysis.stats.bootstrap import resamples


def sign(value):
    return int(value > 0) - int(value < 0)


def mean_over_groups(x, y, factors, name):
    """Jiang's ψ by loops: the mean of τ over the groups that differ in one factor alone."""
    groups = {}
    for trial in range(len(x)):
        rest = tuple(values[trial] for factor, values in factors.items() if factor != name)
        groups.setdefault(rest, []).append(trial)
    found = []
    for trials in groups.values():
        agree = [
            sign(x[i] - x[j]) * sign(y[i] - y[j])
            for i, j in itertools.combinations(trials, 2)
            if factors[name][i] != factors[name][j]
        ]
        if agree:
            found.append(np.mean(agree))
    return np.mean(found) if found else math.nan


def factorial(architectures, conditions, draws):
    grid = list(itertools.product(range(architectures), range(conditions), range(draws)))
    architecture, condition, draw = zip(*grid, strict=True)
    return {"architecture": architecture, "condition": condition, "draw": draw}


@pytest.mark.parametrize("missing", [0, 5], ids=["whole", "with gaps"])
def test_psi_is_the_mean_over_groups_that_differ_in_one_factor_alone(missing):
    rng = np.random.default_rng(19)
    factors = factorial(2, 3, 4)
    x, y = rng.integers(0, 6, size=24), rng.integers(0, 6, size=24)  # ties among them
    keep = np.sort(rng.permutation(24)[missing:])
    factors = {name: [values[trial] for trial in keep] for name, values in factors.items()}
    found = granulated_tau(x[keep], y[keep], factors)
    expected = {name: mean_over_groups(x[keep], y[keep], factors, name) for name in factors}
    assert {name: agreement.psi.value for name, agreement in found.factors.items()} == pytest.approx(expected)
    assert found.psi.value == pytest.approx(np.mean(list(expected.values())))


def test_a_table_of_two_by_two_by_hand():
    factors = {"architecture": ["mlp", "mlp", "resnet", "resnet"], "draw": [0, 1, 0, 1]}
    found = granulated_tau([1.0, 2.0, 3.0, 4.0], [0.1, 0.2, 0.5, 0.4], factors)
    assert (found.factors["architecture"].groups, found.factors["architecture"].pairs) == (2, 2)
    assert found.factors["architecture"].psi.value == 1.0
    assert found.factors["draw"].psi.value == 0.0  # the MLP's draws agree, the ResNet's do not
    assert found.psi.value == 0.5


def test_a_measure_that_knows_the_architecture_alone_is_found_out():
    rng = np.random.default_rng(19)
    factors = factorial(2, 1, 40)
    level = np.array(factors["architecture"], dtype=float)
    x, y = level + 0.01 * rng.normal(size=80), level + 0.01 * rng.normal(size=80)
    assert kendall_tau(x, y).value > 0.4
    found = granulated_tau(x, y, factors, units=factors["draw"])
    assert found.factors["architecture"].psi.value == 1.0
    assert found.factors["draw"].psi.holds(0.0)


def test_trials_equal_in_every_factor_are_no_pair():
    found = granulated_tau([1.0, 2.0, 3.0], [3.0, 2.0, 4.0], {"condition": ["a", "a", "b"]})
    assert (found.factors["condition"].pairs, found.factors["condition"].psi.value) == (2, 1.0)


def test_a_factor_that_no_two_trials_differ_in_alone_is_left_out_of_the_mean():
    found = granulated_tau([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], {"draw": [0, 1, 2], "architecture": ["a", "a", "a"]})
    assert found.factors["architecture"].pairs == 0
    assert math.isnan(found.factors["architecture"].psi.value)
    assert found.psi.value == found.factors["draw"].psi.value == 1.0


@pytest.mark.parametrize("clustered", [False, True], ids=["trials", "units"])
def test_the_interval_is_made_of_each_resamples_pairs(clustered):
    rng = np.random.default_rng(19)
    factors = factorial(2, 1, 5)
    x, y = rng.normal(size=10), rng.normal(size=10)
    unit = factors["draw"] if clustered else range(10)
    n = len(set(unit))
    drawn = []
    for places in resamples(n, draws=100, seed=4):
        times = [int((places == unit).sum()) for unit in range(n)]
        parts = []
        for name in ("architecture", "draw"):  # every group of a factor has as many pairs as the others
            rest = "draw" if name == "architecture" else "architecture"
            pairs = [
                (times[unit[i]] if unit[i] == unit[j] else times[unit[i]] * times[unit[j]], i, j)
                for i, j in itertools.combinations(range(10), 2)
                if factors[rest][i] == factors[rest][j]
            ]
            agree = sum(weight * sign(x[i] - x[j]) * sign(y[i] - y[j]) for weight, i, j in pairs)
            number = sum(weight for weight, _, _ in pairs)
            parts.append(agree / number if number else math.nan)  # such a resample does not count
        drawn.append(np.mean(parts))
    units = factors["draw"] if clustered else None
    found = granulated_tau(
        x, y, {name: factors[name] for name in ("architecture", "draw")}, units=units, draws=100, seed=4
    ).psi
    t = {5: 2.7764451052, 10: 2.2621571628}[n]
    half = t * math.sqrt(n / (n - 1)) * np.nanstd(drawn, ddof=1)
    assert (found.low, found.high) == pytest.approx((max(found.value - half, -1), min(found.value + half, 1)), rel=1e-8)


@pytest.mark.parametrize("held", [2**22, 1], ids=["at once", "one at a time"])
def test_many_measures_are_granulated_each_as_if_it_were_alone(monkeypatch, held):
    monkeypatch.setattr("analysis.stats.units._HELD", held)
    rng = np.random.default_rng(19)
    factors = factorial(2, 3, 4)
    y = rng.normal(size=24)
    measures = 0.5 * y + rng.normal(size=(6, 24))
    measures[1], measures[2:4, 5], measures[4] = np.round(measures[1]), math.nan, math.nan
    found = granulated_taus(measures, y, factors, units=factors["draw"], draws=50, seed=4)
    for together, measure in zip(found, measures, strict=True):
        alone = granulated_tau(measure, y, factors, units=factors["draw"], draws=50, seed=4)
        parts, others = ([whole.psi, *(part.psi for part in whole.factors.values())] for whole in (together, alone))
        for mine, other in zip(parts, others, strict=True):
            assert (mine.value, mine.low, mine.high, mine.n) == pytest.approx(
                (other.value, other.low, other.high, other.n), nan_ok=True
            )
        assert [part.pairs for part in together.factors.values()] == [part.pairs for part in alone.factors.values()]


def test_intervals_cover_what_more_draws_would_tell():
    rng = np.random.default_rng(19)

    def study(draws):
        factors = factorial(2, 3, draws)
        a, c, d = (np.array(values) for values in factors.values())
        strength = rng.normal(size=draws)
        x = 0.5 * a + np.array([0.0, 0.3, 0.6])[c] + strength[d] + 0.7 * rng.normal(size=len(a))
        y = 2.0 * a + np.array([0.1, 0.5, 0.2])[c] + 0.6 * strength[d] + 0.5 * rng.normal(size=len(a))
        return x, y, factors

    found = []
    for _ in range(300):
        x, y, factors = study(8)
        found.append(granulated_tau(x, y, factors, units=factors["draw"], draws=300).psi)
    # A mean over pairs is the same in expectation for any number of draws.
    truth = np.mean([estimate.value for estimate in found])
    held = np.mean([estimate.holds(truth) for estimate in found])  # measured 0.95 with 8 and with 16 draws
    assert 0.91 < held < 0.985


def test_a_monotone_change_of_the_measure_changes_nothing():
    rng = np.random.default_rng(19)
    x, y, factors = rng.normal(size=24), rng.normal(size=24), factorial(2, 3, 4)
    assert granulated_tau(np.exp(x), y, factors) == granulated_tau(x, y, factors)


def test_a_trial_without_a_value_is_left_out():
    factors = {"draw": [0, 1, 2, 3]}
    found = granulated_tau([1.0, math.nan, 2.0, 3.0], [1.0, 0.0, 2.0, math.nan], factors)
    assert found == granulated_tau([1.0, 2.0], [1.0, 2.0], {"draw": [0, 2]})


def test_no_trial_is_nan_throughout():
    found = granulated_tau([], [], {"draw": []})
    assert (found.psi.n, math.isnan(found.psi.value), math.isnan(found.psi.low)) == (0, True, True)


@pytest.mark.parametrize(
    ("factors", "message"),
    [({}, "needs a factor, got none"), ({"draw": [0]}, "every trial needs its label, got 1 for 2 trials")],
    ids=["no factor", "too few values"],
)
def test_factors_that_say_nothing_are_refused(factors, message):
    with pytest.raises(ValueError, match=message):
        granulated_tau([1.0, 2.0], [1.0, 2.0], factors)
