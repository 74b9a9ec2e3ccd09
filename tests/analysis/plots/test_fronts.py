from analysis.findings.fronts import fronts
from analysis.plots import (
    fronts_figure,
)
from tests.analysis import planted
from tests.analysis.searches import bounded


def test_a_front_is_drawn_through_its_trials_alone():
    (axes,) = fronts_figure(fronts(planted.tables(bounded(), algorithm="nsga2")), ["mlp-small"], ["decay"], "F").axes
    trials, best = axes.get_lines()
    assert trials.get_xdata().tolist() == [1.0, 2.0, 3.0, 4.0]
    assert best.get_xydata().tolist() == [[1.0, 0.6], [3.0, 0.8]]
