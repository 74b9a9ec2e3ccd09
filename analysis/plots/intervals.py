"""Numbers with their intervals: a panel a quantity, a row a condition, a line at zero where nothing differs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.plots.panels import empty, name_rows, panelled
from analysis.plots.style import FAINT, INK, ConditionStyle, condition_styles, style
from analysis.stats import Estimate, FamilyTest, Interval

ACROSS = 4
"""Panels side by side at most, unless told otherwise."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """The number of one condition in a panel, with its interval.

    Attributes:
        condition: its name.
        value: the number.
        low: lower bound of its interval; where it is not finite no bar is drawn.
        high: upper bound.
        claimed: a test agrees where the interval leaves out zero, or there is none to ask.
    """

    condition: str
    value: float
    low: float
    high: float
    claimed: bool = True

    @classmethod
    def of(cls, condition: str, bounds: Interval | Estimate, tested: FamilyTest | None = None) -> "Mark":
        """Take number and bounds from what the statistics say."""
        value = bounds.mean if isinstance(bounds, Interval) else bounds.value
        claimed = tested is None or tested.agrees
        return cls(condition=condition, value=value, low=bounds.low, high=bounds.high, claimed=claimed)


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One panel of a picture of intervals: a row a condition.

    Attributes:
        title: above it.
        unit: below its axis.
        marks: at most one a condition.
        hundredfold: shares are written a hundred times as large: percent, or percentage points.
    """

    title: str
    unit: str
    marks: tuple[Mark, ...]
    hundredfold: bool = False


def intervals_figure(
    panels: Sequence[Panel],
    rows: Sequence[str],
    conditions: Sequence[str],
    title: str,
    across: int = ACROSS,
) -> Figure:
    """Draw numbers with their intervals, bold where the interval leaves out zero, filled where no test contradicts it.

    Args:
        panels: from left to right, then down.
        rows: conditions, from top to bottom; one without a mark keeps an empty row.
        conditions: all of the study, for their colours.
        title: a sentence above the picture.
        across: panels side by side at most.

    Returns:
        The picture.
    """
    styles = condition_styles(conditions)
    down = -(-len(panels) // across)
    across = -(-len(panels) // down)  # five panels are three and two, not four and one
    with style():
        figure, drawn = panelled(len(panels), across, 0.5, 0.8 + 0.26 * len(rows), sharey=True)
        for axes, panel in zip(drawn, panels, strict=True):
            _draw(axes, panel, rows, styles)
        name_rows(figure, drawn[0], rows, title)
    return figure


def _draw(axes: Axes, panel: Panel, rows: Sequence[str], styles: dict[str, ConditionStyle]) -> None:
    axes.set_title(panel.title, fontweight="bold")
    if not panel.marks:
        empty(axes)
        return
    axes.axvline(0.0, color=FAINT, linewidth=1.0, zorder=0.5)
    for mark in panel.marks:
        place, colour = rows.index(mark.condition), styles[mark.condition].colour
        bounded = math.isfinite(mark.low) and math.isfinite(mark.high)
        apart = bounded and not mark.low <= 0.0 <= mark.high
        if bounded:
            width = 3.2 if apart else 1.4
            axes.plot([mark.low, mark.high], [place, place], color=colour, linewidth=width, solid_capstyle="butt")
        face = colour if apart and mark.claimed else "white"
        axes.plot([mark.value], [place], "D", color=colour, markersize=6, markerfacecolor=face, markeredgecolor=colour)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
    if panel.hundredfold:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.6g}"))
    axes.set_xlabel(panel.unit, color=INK)
