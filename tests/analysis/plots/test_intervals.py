import math
from dataclasses import replace

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from analysis.plots import (
    Mark,
    Panel,
    intervals_figure,
)


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


def test_a_diamond_is_filled_where_no_test_contradicts_its_interval():
    marks = (mark("a", 0.25, 0.75), replace(mark("b", 0.25, 0.75), claimed=False), mark("c", -0.25, 1.25))
    panel = Panel(title="net", unit="points", marks=marks)
    (axes,) = intervals_figure([panel], ["a", "b", "c"], ["a", "b", "c"], "Differences").axes
    bars, diamonds = axes.get_lines()[1::2], axes.get_lines()[2::2]
    assert [diamond.get_markerfacecolor() == "white" for diamond in diamonds] == [False, True, True]
    assert bars[0].get_linewidth() == bars[1].get_linewidth() > bars[2].get_linewidth()
