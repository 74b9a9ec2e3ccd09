import numpy as np
import pytest

from analysis.findings.decay_profiles import GRID, HALF, NINE_TENTHS, TENTH, decay_profiles, relative
from analysis.findings.kept_spectra import kept
from tests.analysis.stored import Stored


def test_places_of_the_grid_are_where_they_are_said_to_be():
    assert GRID[[TENTH, HALF, NINE_TENTHS]].tolist() == pytest.approx([0.1, 0.5, 0.9])


def test_a_shape_does_not_know_the_size_of_a_weight():
    values = np.array([8.0, 4.0, 3.0, 1.0, 0.0])
    np.testing.assert_allclose(relative(values), relative(100 * values))
    assert relative(values)[[0, HALF, -1]].tolist() == [1.0, 3 / 8, 0.0]
    assert np.isnan(relative(np.zeros(3))).all()
    assert relative(np.array([2.0])).tolist() == [1.0] * len(GRID)


def test_a_cell_s_shape_is_the_mean_over_weights_at_the_last_epoch_that_kept_vectors(tmp_path):
    """Weights of eight and of four values, each half of the one before."""
    stored = Stored(tmp_path, epochs=(0, 2, 4), kept=(0, 2))
    (found,) = decay_profiles(stored.tables, kept(stored.tables))
    expected = (relative(2.0 ** -np.arange(8.0)) + relative(2.0 ** -np.arange(4.0))) / 2
    assert (found.epoch, sorted(found.of_seed)) == (2, [0, 1])
    np.testing.assert_allclose(found.band.mean, expected, rtol=1e-6)
    assert (found.at(HALF).n, found.at(HALF).mean) == (2, pytest.approx(expected[HALF]))
    assert found.at(0).mean == 1.0


def test_runs_that_kept_nothing_have_no_shape(quickstart):
    assert decay_profiles(quickstart, ()) == ()
