import numpy as np

from analysis.findings.tuning_curves import tuning_curves
from analysis.plots import (
    tuning_curves_figure,
)
from tests.analysis.searches import searched


def test_a_tuning_curve_is_drawn_where_it_was_estimated():
    found = tuning_curves(searched(algorithm="sobol"))
    (axes,) = tuning_curves_figure(found, ["mlp-small"], ["decay"], "Expected").axes
    np.testing.assert_array_equal(axes.get_lines()[0].get_ydata(), found[0].expected.band.mean)
