import numpy as np
import pytest

from analysis.findings.sensitivity import sensitivities
from analysis.stats import mean_interval
from tests.analysis import planted

RATES = np.geomspace(1e-4, 0.1, 16)
SCORES = np.linspace(0.9, 0.6, 16)


@pytest.fixture(scope="module")
def found():
    order = np.random.default_rng(19).permutation(16)
    strengths = np.geomspace(1e-5, 0.1, 16)[::-1]
    runs = planted.searched(
        "mlp-small", "decay", SCORES[order], rates=RATES[order], strengths=strengths[order].tolist()
    )
    return sensitivities(planted.tables(runs))


def test_there_is_one_for_each_searched_number(found):
    assert [sensitivity.setting for sensitivity in found] == ["training.learning_rate", "regularizer.strength"]
    assert all(sensitivity.log for sensitivity in found)


def test_trials_are_ordered_by_the_setting(found):
    np.testing.assert_allclose(found[0].values, RATES)
    np.testing.assert_allclose(found[0].scores, SCORES)
    np.testing.assert_allclose(found[1].scores, SCORES[::-1])


def test_parts_of_the_range_have_mean_and_interval_of_their_trials(found):
    np.testing.assert_allclose(found[0].edges, np.geomspace(1e-4, 0.1, 5))
    assert found[0].band.n.tolist() == [4, 4, 4, 4]  # the trial at the range's very end is in the last
    for part in range(4):
        expected = mean_interval(SCORES[4 * part : 4 * part + 4])
        assert found[0].band.mean[part] == pytest.approx(expected.mean)
        assert found[0].band.high[part] == pytest.approx(expected.high)


def test_a_part_without_a_trial_is_empty():
    runs = planted.searched("mlp-small", "decay", [0.5] * 8, rates=[0.0002] * 8)
    (found,) = sensitivities(planted.tables(runs))
    assert found.band.n.tolist() == [8, 0]
    assert np.isnan(found.band.mean[1])


def test_what_was_stopped_early_is_left_out_and_what_diverged_is_the_worst():
    reasons = {0: "early_stopped", 1: "diverged"}
    runs = planted.searched("mlp-small", "decay", [0.5, 0.6, 0.7], rates=[0.001, 0.01, 0.1], reasons=reasons)
    (found,) = sensitivities(planted.tables(runs))
    assert found.values.tolist() == [0.01, 0.1]
    assert found.scores.tolist() == [0.0, 0.7]
