import math

import numpy as np
import pytest
from scipy.stats import nct

from analysis.stats import paired_effect_size


def test_three_differences_by_hand():
    # mean 2, deviation 1; J(2) = Γ(1) / (1 · Γ(1/2)) = 1/√π
    assert paired_effect_size([1.0, 2.0, 3.0]).value == pytest.approx(2 / math.sqrt(math.pi), rel=1e-12)


@pytest.mark.parametrize("sign", [1, -1], ids=["gain", "loss"])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_bounds_put_the_observed_t_at_its_quantiles(sign, confidence):
    differences = sign * np.array([0.3, 0.1, 0.4, 0.1, 0.5])
    t = math.sqrt(5) * differences.mean() / differences.std(ddof=1)
    found = paired_effect_size(differences, confidence)
    tail = (1 - confidence) / 2
    assert nct.cdf(t, 4, found.low * math.sqrt(5)) == pytest.approx(1 - tail, abs=1e-6)
    assert nct.cdf(t, 4, found.high * math.sqrt(5)) == pytest.approx(tail, abs=1e-6)


def test_the_correction_takes_the_bias_away():
    samples = np.random.default_rng(19).normal(1.0, 1.0, size=(4000, 5))
    found = np.mean([paired_effect_size(sample).value for sample in samples])
    assert found == pytest.approx(1.0, abs=0.04)  # 3.6 standard errors; uncorrected it would be 1.25


@pytest.mark.parametrize("delta", [0.0, 1.5])
def test_intervals_cover_the_true_effect_at_their_nominal_rate(delta):
    samples = np.random.default_rng(19).normal(delta, 1.0, size=(2000, 5))
    rate = np.mean([paired_effect_size(sample, 0.9).holds(delta) for sample in samples])
    assert rate == pytest.approx(0.9, abs=0.025)  # 3.7 standard errors


def test_the_other_sign_mirrors_the_interval():
    gain, other = paired_effect_size([1.0, 2.0, 4.0]), paired_effect_size([-1.0, -2.0, -4.0])
    assert (other.value, other.low, other.high) == (-gain.value, -gain.high, -gain.low)


@pytest.mark.parametrize(
    "differences",
    [[], [0.1], [0.1, math.nan], [0.0, 0.0, 0.0], [0.01, 0.02 - 0.01, 0.03 - 0.02]],
    ids=["none", "one", "one and a missing one", "zeros", "equal but for roundings"],
)
def test_without_a_spread_there_is_no_effect_size(differences):
    found = paired_effect_size(differences)
    assert all(math.isnan(value) for value in (found.value, found.low, found.high))
    assert found.n == np.isfinite(differences).sum()
