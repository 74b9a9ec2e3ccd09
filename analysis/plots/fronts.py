"""Pareto fronts: validation accuracy against the Lipschitz bound, a panel an architecture."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.findings.fronts import Front
from analysis.plots.panels import legend, legend_rows, line, panelled, percent
from analysis.plots.style import condition_styles, style


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
    styles = condition_styles(conditions)
    with style():
        handles = [line(styles[name], name) for name in conditions]
        figure, panels = panelled(len(architectures), 3, 0.55 + 0.2 * legend_rows(handles), 2.6)
        for axes, architecture in zip(panels, architectures, strict=True):
            axes.set_title(architecture, fontweight="bold")
            for front in fronts:
                if front.architecture == architecture:
                    drawn = styles[front.condition]
                    axes.plot(front.bounds, front.scores, "o", color=drawn.colour, markersize=3.5, alpha=0.4, mew=0)
                    best = (front.bounds[front.front], front.scores[front.front])
                    axes.plot(*best, color=drawn.colour, linestyle=drawn.dash, marker="o", drawstyle="steps-post")
            axes.set_xlabel("log10 Lipschitz bound")
            axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
            axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
            axes.yaxis.set_major_formatter(FuncFormatter(percent))
        legend(figure, title, handles)
    return figure
