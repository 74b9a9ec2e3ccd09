"""Test accuracies of the confirmation, seed by seed."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.findings.curves import Confirmed
from analysis.plots.panels import empty, name_rows, panelled, percent
from analysis.plots.style import ConditionStyle, condition_styles, style


def accuracy_figure(
    cells: Sequence[Confirmed], architectures: Sequence[str], conditions: Sequence[str], title: str
) -> Figure:
    """Draw test accuracies: a panel an architecture, a row a condition, a dot a seed, mean and interval.

    Args:
        cells: what to draw; a condition without one keeps an empty row.
        architectures: panels.
        conditions: rows, from top to bottom.
        title: a sentence above the picture.

    Returns:
        The picture.
    """
    styles = condition_styles(conditions)
    with style():
        figure, panels = panelled(len(architectures), 3, 0.5, 0.75 + 0.3 * len(conditions), sharey=True)
        for axes, architecture in zip(panels, architectures, strict=True):
            by_condition = {cell.condition: cell for cell in cells if cell.architecture == architecture}
            for place, condition in enumerate(conditions):
                if condition in by_condition:
                    _draw_accuracy(axes, by_condition[condition], place, styles[condition])
            low, high = axes.get_xlim()
            axes.set_xlim(max(low, 0.0), min(high, 1.0))  # an interval may reach beyond what an accuracy can be
            if not by_condition:
                empty(axes)
            axes.set_title(architecture, fontweight="bold")
            axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
            axes.xaxis.set_major_formatter(FuncFormatter(percent))
        name_rows(figure, panels[0], conditions, title)
    return figure


def _draw_accuracy(axes: Axes, cell: Confirmed, place: int, drawn_as: ConditionStyle) -> None:
    beneath = [place + 0.27] * len(cell.accuracies)
    axes.plot(cell.accuracies, beneath, "o", color=drawn_as.colour, markersize=4, alpha=0.45, markeredgewidth=0)
    if cell.interval.n > 1:
        axes.plot([cell.interval.low, cell.interval.high], [place, place], color=drawn_as.colour, linewidth=2)
    axes.plot([cell.interval.mean], [place], "D", color=drawn_as.colour, markersize=6, markeredgecolor="white")
