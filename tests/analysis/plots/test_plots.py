"""Pictures are where their numbers are."""

import math
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb

from analysis.findings.decay_profiles import GRID, DecayProfile
from analysis.findings.fronts import fronts
from analysis.findings.sensitivity import sensitivities
from analysis.findings.tuning_curves import tuning_curves
from analysis.plots import (
    Mark,
    Panel,
    When,
    correlations_figure,
    decay_profiles_figure,
    fronts_figure,
    intervals_figure,
    settings_figure,
    tuning_curves_figure,
)
from analysis.stats import Estimate, mean_band
from tests.analysis import planted
from tests.analysis.searches import bounded, searched


def mark(condition, low, high):
    return Mark(condition=condition, value=0.5, low=low, high=high)


def test_an_interval_is_a_bar_between_its_bounds_bold_where_it_leaves_out_zero():
    marks = (mark("a", 0.25, 0.75), mark("b", -0.25, 1.25), mark("c", math.nan, math.nan))
    panel = Panel(title="net", unit="points", marks=marks)
    (axes,) = intervals_figure([panel], ["a", "b", "c"], ["plain", "a", "b", "c"], "Differences").axes
    zero, bold, diamond, thin, _, alone = axes.get_lines()
    assert set(zero.get_xdata()) == {0.0}
    assert (list(bold.get_xdata()), list(bold.get_ydata())) == ([0.25, 0.75], [0, 0])
    assert (list(thin.get_xdata()), list(thin.get_ydata())) == ([-0.25, 1.25], [1, 1])
    assert bold.get_linewidth() > thin.get_linewidth()
    assert list(diamond.get_xydata()[0]) == [0.5, 0]
    assert list(alone.get_xydata()[0]) == [0.5, 2]


@pytest.mark.parametrize(("panels", "rows"), [(1, 1), (4, 1), (5, 2), (9, 3)])
def test_panels_fill_their_rows_evenly(panels, rows):
    each = [Panel(title=str(place), unit="", marks=(mark("a", 0.0, 1.0),)) for place in range(panels)]
    figure = intervals_figure(each, ["a"], ["a"], "Differences")
    FigureCanvasAgg(figure).draw()
    assert len({round(axes.get_position().y0, 6) for axes in figure.axes}) == rows


def test_a_correlation_stands_at_its_measure_and_epoch_and_is_bold_where_it_leaves_out_zero():
    found = {
        ("norm", "1"): Estimate(value=0.5, low=0.25, high=0.75, n=9),
        ("rank", "4"): Estimate(value=-0.25, low=-0.5, high=0.125, n=9),
    }
    columns = [When(name="1"), When(name="4")]
    (axes,) = correlations_figure({"gap": found}, {"norm": "norm", "rank": "rank"}, columns, "Correlations", 1).axes
    assert [(one.get_text(), one.get_position(), one.get_fontweight()) for one in axes.texts] == [
        ("+50", (0, 0), "bold"),
        ("-25", (1, 1), "normal"),
    ]


def test_what_is_no_evidence_is_never_bold_and_set_apart():
    """A property of the architecture, known before the first step, and a correlation over all architectures."""
    found = {("norm", name): Estimate(value=0.5, low=0.25, high=0.75, n=9) for name in ("0", "1", "pooled")}
    columns = [When(name="0", judged=False), When(name="1"), When(name="pooled", judged=False)]
    (axes,) = correlations_figure({"gap": found}, {"norm": "norm"}, columns, "Correlations", 0).axes
    assert [(one.get_fontweight(), one.get_fontstyle()) for one in axes.texts] == [
        ("normal", "italic"),
        ("bold", "normal"),
        ("normal", "italic"),
    ]
    upright = [line.get_xdata()[0] for line in axes.get_lines() if len(set(line.get_xdata())) == 1]
    assert upright == [0.5, 1.5]


def test_a_diamond_is_filled_where_no_test_contradicts_its_interval():
    marks = (mark("a", 0.25, 0.75), replace(mark("b", 0.25, 0.75), claimed=False), mark("c", -0.25, 1.25))
    panel = Panel(title="net", unit="points", marks=marks)
    (axes,) = intervals_figure([panel], ["a", "b", "c"], ["a", "b", "c"], "Differences").axes
    bars, diamonds = axes.get_lines()[1::2], axes.get_lines()[2::2]
    assert [one.get_markerfacecolor() == "white" for one in diamonds] == [False, True, True]
    assert bars[0].get_linewidth() == bars[1].get_linewidth() > bars[2].get_linewidth()


def luminance(colour):
    """Relative luminance of sRGB, as WCAG 2.2 defines it."""
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in to_rgb(colour)]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("apart", [True, False], ids=["bold", "normal"])
def test_every_correlation_reads_well_on_its_shade(apart):
    values = np.linspace(-1.0, 1.0, 41)
    bounds = [(one, one) if apart else (-1.0, 1.0) for one in values]
    found = {
        ("norm", str(place)): Estimate(value=one, low=low, high=high, n=9)
        for place, (one, (low, high)) in enumerate(zip(values, bounds, strict=True))
    }
    (axes,) = correlations_figure(
        {"gap": found}, {"norm": "norm"}, [When(name=str(place)) for place in range(41)], "Correlations", 0
    ).axes
    shades = [shade.get_facecolor()[0][:3] for shade in axes.collections]
    for text, shade in zip(axes.texts, shades, strict=True):
        dark, light = sorted((luminance(text.get_color()), luminance(shade)))
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_a_tuning_curve_is_drawn_where_it_was_estimated():
    found = tuning_curves(searched(algorithm="sobol"))
    (axes,) = tuning_curves_figure(found, ["mlp-small"], ["decay"], "Expected").axes
    np.testing.assert_array_equal(axes.get_lines()[0].get_ydata(), found[0].expected.band.mean)


def test_a_trial_is_a_dot_at_its_setting_and_score():
    found = sensitivities(searched())
    learning_rate, strength = settings_figure(found, ["mlp-small"], ["decay"], "Settings").axes
    np.testing.assert_array_equal(learning_rate.get_lines()[0].get_xdata(), found[0].values)
    np.testing.assert_array_equal(strength.get_lines()[1].get_ydata(), found[1].band.mean)


def test_a_front_is_drawn_through_its_trials_alone():
    (axes,) = fronts_figure(fronts(planted.tables(bounded(), algorithm="nsga2")), ["mlp-small"], ["decay"], "F").axes
    trials, best = axes.get_lines()
    assert trials.get_xdata().tolist() == [1.0, 2.0, 3.0, 4.0]
    assert best.get_xydata().tolist() == [[1.0, 0.6], [3.0, 0.8]]


def test_a_shape_is_a_line_in_the_panel_of_its_condition():
    values = np.linspace(1.0, 0.0, len(GRID))
    shape = DecayProfile(
        architecture="net", condition="b", epoch=1, of_seed={0: values}, band=mean_band(values[None, :])
    )
    figure = decay_profiles_figure([shape], ["a", "b"], ["net"], "Shapes")
    first, second = figure.axes
    assert [text.get_text() for text in first.texts] == ["no confirmation run"]
    np.testing.assert_array_equal(second.get_lines()[0].get_ydata(), values)
