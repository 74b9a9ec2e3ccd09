from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

from analysis.findings.predictors import predictions
from analysis.stats import granulated_tau
from analysis.tables.measures import LAYERS, ORDINARY, SPECTRAL, measured, measured_epochs
from tests.analysis import planted
from tests.analysis.foretold import study
from tests.analysis.stored import Stored
from tuning import records


@pytest.fixture(scope="module")
def runs():
    return study()


@pytest.fixture(scope="module")
def found(runs):
    return {
        (prediction.outcome, prediction.measure, prediction.epoch): prediction
        for prediction in predictions(planted.tables(runs))
    }


def test_a_measure_that_decides_the_outcome_orders_it_perfectly_at_the_end(found):
    prediction = found[records.TEST_ACCURACY, records.SPECTRAL_NORM_MAX, 3]
    assert prediction.last
    assert prediction.within.value == prediction.pooled.value == pytest.approx(-1.0)
    assert prediction.granulated.psi.value == prediction.of_draw.value == -1.0
    assert found[records.GAP_ACCURACY, records.SPECTRAL_NORM_MAX, 3].pooled.value == pytest.approx(1.0)


def test_the_earlier_it_is_measured_the_less_it_tells(found):
    early, late = (abs(found[records.GAP_ACCURACY, records.SPECTRAL_NORM_MAX, epoch].within.value) for epoch in (0, 2))
    assert 0.1 < early < 0.4 < late < 0.9


def test_a_measure_that_knows_the_architecture_alone_does_so_under_no_other_factor(found):
    prediction = found[records.VAL_ACCURACY, records.EFFECTIVE_RANK_MEAN, 3]
    assert prediction.pooled.low > 0.4
    assert prediction.within.holds(0.0)
    assert all(within.holds(0.0) for within in prediction.of_architecture.values())
    assert prediction.granulated.factors["architecture"].psi.value > 0.9
    assert prediction.granulated.factors["condition"].psi.holds(0.0)
    assert prediction.granulated.factors["draw"].psi.holds(0.0)


def test_test_accuracy_is_of_confirmation_runs_and_the_rest_of_all(found):
    assert found[records.TEST_ACCURACY, records.SPECTRAL_NORM_MAX, 3].trials == 9 * 4
    assert found[records.VAL_ACCURACY, records.SPECTRAL_NORM_MAX, 3].trials == 9 * (4 + 6)


def test_the_pooled_tau_is_that_of_all_trials_and_those_within_of_each_architectures(runs, found):
    x = [run.records[1].metrics[records.SPECTRAL_NORM_MAX] for run in runs]
    y = [run.records[3].metrics[records.VAL_ACCURACY] for run in runs]
    prediction = found[records.VAL_ACCURACY, records.SPECTRAL_NORM_MAX, 1]
    assert prediction.pooled.value == pytest.approx(scipy.stats.kendalltau(x, y).statistic)
    for name in planted.ARCHITECTURES:
        mine = [place for place, run in enumerate(runs) if run.architecture == name]
        expected = scipy.stats.kendalltau(np.take(x, mine), np.take(y, mine)).statistic
        assert prediction.of_architecture[name].value == pytest.approx(expected)
    # Equally many trials, none tied: each architecture has as many pairs.
    assert prediction.within.value == pytest.approx(
        np.mean([within.value for within in prediction.of_architecture.values()])
    )
    assert (
        prediction.pooled.n == prediction.within.n == prediction.granulated.psi.n == 4 + 6
    )  # numbers of a trial, each shared by nine cells


def test_groups_differ_in_architecture_condition_or_draw_alone(runs, found):
    factors = {
        "architecture": [run.architecture for run in runs],
        "condition": [run.condition for run in runs],
        "draw": [(run.phase, run.index) for run in runs],
    }
    x = [run.records[1].metrics[records.SPECTRAL_NORM_MAX] for run in runs]
    y = [run.records[3].metrics[records.VAL_ACCURACY] for run in runs]
    expected = granulated_tau(x, y, factors)
    prediction = found[records.VAL_ACCURACY, records.SPECTRAL_NORM_MAX, 1].granulated
    assert {name: part.psi.value for name, part in prediction.factors.items()} == pytest.approx({
        name: part.psi.value for name, part in expected.factors.items()
    })
    assert prediction.factors["condition"].groups == 3 * 10


def test_trials_of_one_number_with_other_shared_settings_are_no_pair_of_conditions(runs):
    own = {"baseline": 0.001, "decay": 0.002, "spectral": 0.003}  # as when a sampler has taken over
    parted = [
        planted.run(
            {record.epoch: record.metrics for record in run.records},
            phase=run.phase,
            architecture=run.architecture,
            condition=run.condition,
            index=run.index,
            learning_rate=own[run.condition] * (run.index + 1),
        )
        for run in runs
    ]
    found = {
        (prediction.outcome, prediction.measure, prediction.epoch): prediction
        for prediction in predictions(planted.tables(parted))
    }
    prediction = found[records.VAL_ACCURACY, records.SPECTRAL_NORM_MAX, 3].granulated
    assert prediction.factors["condition"].groups == 3 * 4  # the confirmation's, whose settings are the condition's own
    assert prediction.factors["architecture"].groups == 3 * 10


def test_a_constant_predicts_nothing_and_no_outcome_predicts_itself(found):
    assert not any(measure == records.RANK_MEAN for _, measure, _ in found)
    assert not any(measure == outcome and epoch == 3 for outcome, measure, epoch in found)


def test_trials_that_did_not_complete_are_left_out(runs):
    lost = [*runs[:-1], planted.run({0: {records.SPECTRAL_NORM_MAX: 9.0}}, phase="tune", architecture="mlp-small",
                                    condition="decay", index=99, reason="early_stopped")]  # fmt: skip
    found = predictions(planted.tables(lost))
    assert max(prediction.trials for prediction in found) == len(runs) - 1


def test_a_study_in_which_nothing_completed_predicts_nothing():
    runs = planted.searched("mlp-small", "decay", [0.5], rates=[0.1], reasons={0: "diverged"})
    assert predictions(planted.tables(runs)) == ()


def test_measures_of_layers_are_their_means_in_the_flat_view(tmp_path):
    stored = Stored(tmp_path, epochs=(0, 2, 4), kept=(0, 4))
    found = measured(stored.tables, list(stored.tables.runs.index))
    run_id = stored.tables.runs.index[0]
    # The layers' largest values are equal, 1 + 4 · epoch / 4 in the baseline; of eight and four each is half the last.
    assert found.loc[(run_id, 2), LAYERS + "nuclear_norm"] == 3.0 * ((2 - 2**-7) + (2 - 2**-3)) / 2
    assert np.isnan(found.loc[(run_id, 1), LAYERS + "nuclear_norm"])
    assert found.loc[(run_id, 4), records.SPECTRAL_NORM_MAX] == 5.0


def test_a_mean_over_layers_that_is_a_metric_already_is_not_there_twice(tmp_path):
    stored = Stored(tmp_path, epochs=(0, 2), kept=(0, 2))
    found = measured(stored.tables, list(stored.tables.runs.index))
    assert [name for name in found.columns if name.startswith(LAYERS)] == [LAYERS + "nuclear_norm"]
    assert {records.SPECTRAL_NORM_MEAN, records.RANK_MEAN} <= set(found.columns)


def test_epochs_that_are_not_wanted_are_left_out(tmp_path):
    stored = Stored(tmp_path, epochs=(0, 2, 4), kept=(0, 4))
    run_ids = list(stored.tables.runs.index)
    whole, part = measured(stored.tables, run_ids), measured(stored.tables, run_ids, epochs=[2, 4])
    assert part.equals(whole[whole.index.get_level_values("epoch").isin([2, 4])])
    assert part[LAYERS + "nuclear_norm"].notna().all()
    assert measured_epochs(stored.tables, run_ids) == (0, 1, 2, 3, 4)


def test_no_other_metric_is_read_than_is_correlated(runs):
    tables, read = planted.tables(runs), set()

    def history(run_ids, metrics):
        read.update(metrics)
        return tables.history(run_ids, metrics)

    assert predictions(replace(tables, history=history))
    assert read == {*SPECTRAL, *ORDINARY}
