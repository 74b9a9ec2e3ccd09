import numpy as np

from analysis.findings.decay_profiles import GRID, DecayProfile
from analysis.plots import (
    decay_profiles_figure,
)
from analysis.stats import mean_band


def test_a_decay_profile_is_a_line_in_the_panel_of_its_condition():
    values = np.linspace(1.0, 0.0, len(GRID))
    shape = DecayProfile(
        architecture="net", condition="b", epoch=1, of_seed={0: values}, band=mean_band(values[None, :])
    )
    figure = decay_profiles_figure([shape], ["a", "b"], ["net"], "Shapes")
    first, second = figure.axes
    assert [text.get_text() for text in first.texts] == ["no confirmation run"]
    np.testing.assert_array_equal(second.get_lines()[0].get_ydata(), values)
