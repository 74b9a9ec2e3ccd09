import numpy as np
import pytest
from matplotlib.colors import to_rgb

from analysis.plots import (
    When,
    correlations_figure,
)
from analysis.stats import Estimate


def test_a_correlation_stands_at_its_measure_and_epoch_and_is_bold_where_it_leaves_out_zero():
    found = {
        ("norm", "1"): Estimate(value=0.5, low=0.25, high=0.75, n=9),
        ("rank", "4"): Estimate(value=-0.25, low=-0.5, high=0.125, n=9),
    }
    columns = [When(name="1"), When(name="4")]
    (axes,) = correlations_figure({"gap": found}, {"norm": "norm", "rank": "rank"}, columns, "Correlations", 1).axes
    assert [(text.get_text(), text.get_position(), text.get_fontweight()) for text in axes.texts] == [
        ("+50", (0, 0), "bold"),
        ("-25", (1, 1), "normal"),
    ]


def test_what_is_no_evidence_is_never_bold_and_set_apart():
    """A property of the architecture, known before the first step, and a correlation over all architectures."""
    found = {("norm", name): Estimate(value=0.5, low=0.25, high=0.75, n=9) for name in ("0", "1", "pooled")}
    columns = [When(name="0", judged=False), When(name="1"), When(name="pooled", judged=False)]
    (axes,) = correlations_figure({"gap": found}, {"norm": "norm"}, columns, "Correlations", 0).axes
    assert [(text.get_fontweight(), text.get_fontstyle()) for text in axes.texts] == [
        ("normal", "italic"),
        ("bold", "normal"),
        ("normal", "italic"),
    ]
    upright = [line.get_xdata()[0] for line in axes.get_lines() if len(set(line.get_xdata())) == 1]
    assert upright == [0.5, 1.5]


def luminance(colour):
    """Relative luminance of sRGB, as WCAG 2.2 defines it."""
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in to_rgb(colour)
    ]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("apart", [True, False], ids=["bold", "normal"])
def test_every_correlation_reads_well_on_its_shade(apart):
    values = np.linspace(-1.0, 1.0, 41)
    bounds = [(value, value) if apart else (-1.0, 1.0) for value in values]
    found = {
        ("norm", str(place)): Estimate(value=value, low=low, high=high, n=9)
        for place, (value, (low, high)) in enumerate(zip(values, bounds, strict=True))
    }
    (axes,) = correlations_figure(
        {"gap": found}, {"norm": "norm"}, [When(name=str(place)) for place in range(41)], "Correlations", 0
    ).axes
    shades = [shade.get_facecolor()[0][:3] for shade in axes.collections]
    for text, shade in zip(axes.texts, shades, strict=True):
        dark, light = sorted((luminance(text.get_color()), luminance(shade)))
        assert (light + 0.05) / (dark + 0.05) >= 4.5
