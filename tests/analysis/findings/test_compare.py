import math

import pytest

from analysis.findings.compare import Endings, comparison
from analysis.tables.study_tables import load
from tests.analysis import synthetic
from tests.analysis.conftest import in_memory

T_2 = 4.302652729749464  # the 97.5 % point of Student's t with 2 degrees of freedom
HALF = T_2 * 0.01 / math.sqrt(3)


@pytest.fixture(scope="module")
def compared(quickstart):
    return comparison(quickstart)


@pytest.fixture(scope="module")
def gaps(with_gaps):
    return comparison(with_gaps)


def test_cells_are_all_pairs_in_the_order_of_the_study(compared):
    assert compared.architectures == synthetic.ARCHITECTURES
    assert compared.conditions == synthetic.CONDITIONS
    assert list(compared.cells) == [(a, c) for a in synthetic.ARCHITECTURES for c in synthetic.CONDITIONS]


@pytest.mark.parametrize("architecture", synthetic.ARCHITECTURES)
@pytest.mark.parametrize("condition", synthetic.CONDITIONS)
def test_test_accuracy_is_mean_and_t_interval_over_the_confirmation_seeds(compared, architecture, condition):
    cell = compared.cells[architecture, condition]
    found = cell.measures["test_accuracy"]
    mean = synthetic.mean_accuracy(architecture, condition)
    assert (found.mean, found.low, found.high) == pytest.approx((mean, mean - HALF, mean + HALF), abs=1e-12)
    assert cell.seeds == (0, 1, 2)


@pytest.mark.parametrize(
    ("condition", "norm", "bound"), [("baseline", 5.0, 2.5), ("decay", 3.0, 1.5), ("spectral", 1.0, 0.5)]
)
def test_the_other_measures_are_of_the_last_epoch(compared, condition, norm, bound):
    cell = compared.cells["mlp-small", condition]
    assert cell.measures["spectral_norm"].mean == norm
    assert cell.measures["log10_lipschitz"].mean == bound
    assert cell.measures["effective_rank"].mean == pytest.approx(5.0)
    assert cell.measures["val_accuracy"].mean == pytest.approx(0.901)
    assert cell.epoch_seconds == pytest.approx(0.8125)  # the median of 0.625, 0.75, 0.875, 1.0


def test_chosen_settings_are_those_that_were_searched(compared):
    assert compared.cells["mlp-small", "baseline"].chosen == {"training.learning_rate": 0.001}
    chosen = compared.cells["mlp-small", "decay"].chosen
    assert chosen == {"training.learning_rate": 0.001, "regularizer.strength": 0.01}


def test_trials_are_counted_by_their_ending_and_their_epochs_summed(compared):
    expected = Endings(completed=2, early_stopped=1, diverged=0, failed=0, unfinished=0, epochs=4 + 1 + 4)
    assert compared.cells["resnet-small", "spectral"].tune == expected


def test_the_best_cell_has_the_highest_mean(compared):
    assert [cell.condition for cell in compared.best("mlp-small")] == ["spectral"]


def test_a_tie_has_several_best_cells():
    runs = [
        synthetic.with_records(
            synthetic.Run(phase="confirm", architecture="mlp-small", condition=condition, index=index)
        )
        for condition in ("left", "right")
        for index in range(2)
    ]
    best = comparison(in_memory(runs)).best("mlp-small")
    assert [cell.condition for cell in best] == ["left", "right"]


def test_a_diverged_seed_is_counted_and_not_averaged(gaps):
    cell = gaps.cells["mlp-small", "baseline"]
    assert cell.seeds == (0, 1)
    assert cell.measures["test_accuracy"].mean == pytest.approx(0.895)
    assert (cell.confirm.completed, cell.confirm.diverged) == (2, 1)
    assert (cell.tune.diverged, cell.tune.epochs) == (1, 2)


def test_one_seed_gives_a_mean_without_bounds(gaps):
    found = gaps.cells["mlp-small", "decay"].measures["test_accuracy"]
    assert found.mean == pytest.approx(0.90)
    assert math.isnan(found.low)


def test_a_cell_without_confirmation_has_no_result_however_well_it_was_tuned(gaps):
    cell = gaps.cells["mlp-small", "spectral"]
    assert cell.tune.completed == 1
    assert cell.tune.failed == 1
    assert not cell.confirmed
    assert all(interval.n == 0 for interval in cell.measures.values())
    assert math.isnan(cell.epoch_seconds)


def test_a_pair_that_never_ran_is_an_empty_cell(gaps):
    cell = gaps.cells["resnet-small", "decay"]
    assert (cell.tune.runs, cell.confirm.runs, cell.seeds) == (0, 0, ())


def test_an_architecture_without_rivals_has_no_best_cell(gaps):
    assert gaps.best("resnet-small") == ()


@pytest.mark.parametrize(
    ("study", "message"),
    [
        ("failed", r"got 2 runs \(1 diverged, 1 failed\) in study 'failed'; MLflow says"),
        ("empty", r"got no run in study 'empty'"),
    ],
)
def test_a_study_without_a_completed_run_is_refused(store, study, message):
    with pytest.raises(ValueError, match=message):
        comparison(load(study, store))
