"""What a plan says that seeds can show is what the exact test and a textbook's power say."""

import itertools
import statistics

import numpy as np
import pytest
import scipy.stats

from analysis.stats import holm, sign_flip_test
from tests.tuning.studies import study
from tuning.cost import evidence
from tuning.paired_power import detectable_difference, enough_pairs, smallest_p
from tuning.records import TEST_ACCURACY, EpochRecord, Phase
from tuning.store import StoreWriter

ABSENT = "sqlite:///absent.db"


def a_study(seeds=5):
    return study(confirm={"seeds": seeds})


def comparisons(the_study):
    return (len(the_study.conditions) - 1) * len(the_study.architectures)


@pytest.mark.parametrize("seeds", [1, 2, 5, 8])
def test_the_least_p_is_that_of_differences_of_one_sign_in_every_comparison(seeds):
    found = evidence(a_study(seeds), ABSENT)
    each = [sign_flip_test(np.arange(1.0, seeds + 1)).p] * comparisons(a_study())
    assert (found.smallest, found.least) == (each[0], min(1.0, holm(each)[0]))


@pytest.mark.parametrize("family", [1, 2, 4, 7, 12, 40])
def test_enough_seeds_are_the_fewest_with_which_a_test_can_speak(family):
    enough = enough_pairs(family)
    assert family * smallest_p(enough) <= 0.05 < family * smallest_p(enough - 1)


def test_without_an_earlier_study_a_spread_of_a_point_is_assumed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = evidence(a_study(), ABSENT)
    assert found.spreads == ()
    assert found.detectable == (detectable_difference(5, 0.01),) * 2
    # The power of a two-sided t-test at that difference, from the noncentral t of another library's.
    mean, critical = 5**0.5 * found.detectable[0] / 0.01, scipy.stats.t.ppf(0.975, 4)
    power = scipy.stats.nct.sf(critical, 4, mean) + scipy.stats.nct.cdf(-critical, 4, mean)
    assert power == pytest.approx(0.8, abs=1e-6)
    assert list(tmp_path.iterdir()) == []  # a store is not made by looking for it


def test_the_spread_is_that_of_the_earlier_study_of_that_name(tmp_path):
    the_study, uri = a_study(), f"sqlite:///{tmp_path / 'mlflow.db'}"
    rng = np.random.default_rng(19)
    writer = StoreWriter(the_study.name, uri, tmp_path / the_study.name, the_study.as_data())
    accuracies = {}
    for cell, index in itertools.product(the_study.cells, range(5)):
        settings = cell.settings(Phase.CONFIRM, index, cell.draw(0))
        accuracies[cell.architecture.name, cell.condition_name, index] = value = float(rng.uniform(0.8, 0.9))
        tags = {**settings.tags, "git_commit": "0", "stop_reason": "running"}
        writer.start(settings.key, settings.key, tags, {})
        writer.epoch(settings.key, EpochRecord(epoch=1, metrics={TEST_ACCURACY: value}))
        writer.end(settings.key, "FINISHED", {"stop_reason": "diverged" if index == 4 else "completed"})
    assert writer.close(timeout=60).complete
    found = evidence(the_study, uri)
    expected = [
        statistics.stdev(
            accuracies[architecture.name, name, index] - accuracies[architecture.name, found.baseline, index]
            for index in range(4)
        )
        for architecture in the_study.architectures
        for name in the_study.conditions
        if name != found.baseline
    ]
    assert found.spreads == pytest.approx(expected)
    assert found.detectable == pytest.approx((
        detectable_difference(5, min(expected)),
        detectable_difference(5, max(expected)),
    ))


def test_a_study_of_one_condition_compares_nothing():
    the_study = a_study()
    name = next(iter(the_study.conditions))
    assert evidence(the_study.model_copy(update={"conditions": {name: the_study.conditions[name]}}), ABSENT) is None
