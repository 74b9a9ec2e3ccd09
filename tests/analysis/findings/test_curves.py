from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from analysis.findings.curves import confirmed, curves
from analysis.findings.distributions import distributions
from analysis.stats import mean_band
from tests.analysis import synthetic
from tests.analysis.conftest import in_memory
from tests.analysis.stored import Stored
from tuning import records


def test_a_curve_is_mean_and_interval_over_the_confirmation_seeds_at_each_epoch(quickstart):
    found = curves(quickstart, [records.VAL_ACCURACY])
    assert [(curve.architecture, curve.condition) for curve in found] == [
        (architecture, condition) for architecture in synthetic.ARCHITECTURES for condition in synthetic.CONDITIONS
    ]
    curve = found[4]
    assert curve.epochs.tolist() == [0, 1, 2, 3, 4]
    expected = mean_band(np.array([[0.1 + 0.2 * epoch + 0.001 * seed for epoch in range(5)] for seed in range(3)]))
    np.testing.assert_allclose(curve.band.mean, expected.mean)
    np.testing.assert_allclose(curve.band.low, expected.low)
    assert curve.band.n.tolist() == [3] * 5


def test_a_metric_of_trained_epochs_alone_begins_with_them(quickstart):
    (first, *_) = curves(quickstart, [records.TRAIN_LOSS])
    assert first.epochs.tolist() == [1, 2, 3, 4]


def test_only_confirmation_runs_that_completed_make_a_curve(with_gaps):
    found = {(curve.architecture, curve.condition): curve for curve in curves(with_gaps, [records.VAL_LOSS])}
    assert list(found) == [("mlp-small", "baseline"), ("mlp-small", "decay")]
    assert set(found["mlp-small", "baseline"].band.n) == {2}


def test_test_accuracies_are_given_seed_by_seed(quickstart):
    first = confirmed(quickstart)[0]
    np.testing.assert_allclose(first.accuracies, [0.89, 0.90, 0.91])
    assert first.interval.mean == pytest.approx(0.90)


def test_each_epochs_shares_add_up_to_one(quickstart):
    for cell in distributions(quickstart):
        np.testing.assert_allclose(cell.share.sum(axis=0), 1.0)
        assert cell.share.shape == (len(cell.edges) - 1, len(cell.epochs))
        assert cell.epoch_edges.tolist() == [-0.5, 0.5, 1.5, 2.5, 3.5, 4.5]


def test_median_and_largest_value_are_those_of_the_flat_view(quickstart):
    cell = distributions(quickstart)[0]
    held = np.array([1.0, 2.0, 3.0, 4.0, 5.0])  # of the baseline, by epoch
    np.testing.assert_allclose(cell.largest, held)
    np.testing.assert_allclose(cell.median, 0.1875 * held)  # between the sixth and seventh of 12 values


def test_median_is_that_of_each_run_averaged(tmp_path):
    stored = Stored(tmp_path, epochs=[0], kept=[0])
    halved = stored.fetch(stored.tables.runs.index[1], records.SPECTRA_FILE)
    table = pq.read_table(halved)
    smaller = pc.divide(table["value"], pa.scalar(2.0, pa.float32()))
    pq.write_table(table.set_column(table.column_names.index("value"), "value", smaller), halved)
    (cell,) = distributions(stored.tables)
    np.testing.assert_allclose(cell.median, 0.75 * 0.1875)
    np.testing.assert_allclose(cell.largest, 0.75)
    np.testing.assert_allclose(cell.share.sum(axis=0), 1.0)


def test_epochs_without_vectors_leave_their_place_to_their_neighbours(tmp_path):
    (cell,) = distributions(Stored(tmp_path, epochs=range(5), kept=(0, 2, 4)).tables)
    assert cell.epochs.tolist() == [0, 2, 4]
    assert cell.epoch_edges.tolist() == [-0.5, 1.0, 3.0, 4.5]


def test_another_view_has_its_own_distribution(quickstart):
    cell = distributions(quickstart, view="circular")[0]
    np.testing.assert_allclose(cell.largest, 9.0)


def test_conditions_of_an_architecture_share_their_bins(quickstart):
    first, second, *_ = distributions(quickstart)
    np.testing.assert_array_equal(first.edges, second.edges)
    assert first.edges[-1] > 5.0


@pytest.mark.parametrize(
    "values",
    [[0.0] * 8, [3.0] * 8, [2.0] + [0.0] * 99, [1.0]],
    ids=["zero", "equal", "rank one", "one value"],
)
def test_degenerate_spectra_are_counted_inside_of_their_bins(values, tmp_path):
    cell = distributions(stored_spectrum(values, tmp_path))[0]
    assert np.isfinite(cell.edges).all()
    assert (np.diff(cell.edges) > 0).all()
    np.testing.assert_allclose(cell.share.sum(axis=0), 1.0)
    assert ((cell.edges[0] <= cell.median) & (cell.median <= cell.largest) & (cell.largest <= cell.edges[-1])).all()


def stored_spectrum(values, folder):
    """Arrange a study of one run with these singular values at epoch 0."""
    path = folder / records.SPECTRA_FILE
    pq.write_table(pa.table({"epoch": [0] * len(values), "view": ["flat"] * len(values), "value": values}), path)
    run = synthetic.Run(phase="confirm", architecture="mlp-small", condition="baseline", index=0)
    return replace(in_memory([synthetic.with_records(run)]), fetch=lambda run_id, name: path)
