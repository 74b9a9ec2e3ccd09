"""Pareto fronts: validation accuracy against the Lipschitz bound, a panel an architecture."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.fronts import Front
from analysis.looks import WIDTH, looks, style
from analysis.plots.panels import drop_unused, legend, legend_rows, line, percent


def fronts_figure(
    fronts: Sequence[Front], architectures: Sequence[str], conditions: Sequence[str], title: str
) -> Figure:
    """Draw every trial as a dot, and a line through those that no other beats.

    Args:
        fronts: what to draw.
        architectures: panels, at most three a row.
        conditions: all of the study, for their colours.
        title: a sentence above the picture.

    Returns:
        The picture.
    """
    look = looks(conditions)
    across = min(len(architectures), 3)
    down = -(-len(architectures) // across)
    with style():
        handles = [line(look[name], name) for name in conditions]
        size = (WIDTH, 0.55 + 0.2 * legend_rows(handles) + 2.6 * down)
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(down, across, squeeze=False)
        for axes, architecture in zip(grid.flat, architectures, strict=False):
            axes.set_title(architecture, fontweight="bold")
            for one in fronts:
                if one.architecture == architecture:
                    drawn = look[one.condition]
                    axes.plot(one.bounds, one.scores, "o", color=drawn.colour, markersize=3.5, alpha=0.4, mew=0)
                    best = (one.bounds[one.front], one.scores[one.front])
                    axes.plot(*best, color=drawn.colour, linestyle=drawn.dash, marker="o", drawstyle="steps-post")
            axes.set_xlabel("log10 Lipschitz bound")
            axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
            axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
            axes.yaxis.set_major_formatter(FuncFormatter(percent))
        drop_unused(figure, grid.flat[len(architectures) :])
        legend(figure, title, handles)
    return figure
