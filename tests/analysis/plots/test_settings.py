import numpy as np

from analysis.findings.sensitivity import sensitivities
from analysis.plots import (
    settings_figure,
)
from tests.analysis.searches import searched


def test_a_trial_is_a_dot_at_its_setting_and_score():
    found = sensitivities(searched())
    learning_rate, strength = settings_figure(found, ["mlp-small"], ["decay"], "Settings").axes
    np.testing.assert_array_equal(learning_rate.get_lines()[0].get_xdata(), found[0].values)
    np.testing.assert_array_equal(strength.get_lines()[1].get_ydata(), found[1].band.mean)
