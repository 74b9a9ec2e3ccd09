"""Expected best validation accuracy against the number of trials: a panel an architecture, a line a condition."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.findings.tuning_curves import TuningCurve
from analysis.plots.panels import legend, legend_rows, line, panelled, percent
from analysis.plots.style import condition_styles, style


def tuning_curves_figure(
    curves: Sequence[TuningCurve], architectures: Sequence[str], conditions: Sequence[str], title: str
) -> Figure:
    """Draw what a search of so many trials can be expected to find.

    Args:
        curves: what to draw; those that may not be estimated are left out.
        architectures: panels, at most three a row.
        conditions: all of the study, for their colours.
        title: a sentence above the picture.

    Returns:
        The picture.
    """
    styles = condition_styles(conditions)
    with style():
        handles = [line(styles[name], name) for name in conditions]
        figure, panels = panelled(len(architectures), 3, 0.55 + 0.2 * legend_rows(handles), 2.3)
        for axes, architecture in zip(panels, architectures, strict=True):
            axes.set_title(architecture, fontweight="bold")
            for curve in curves:
                if curve.architecture != architecture or curve.expected is None:
                    continue
                budgets, band, drawn = curve.expected.budgets, curve.expected.band, styles[curve.condition]
                axes.fill_between(budgets, band.low, band.high, color=drawn.colour, alpha=0.16, linewidth=0)
                axes.plot(budgets, band.mean, color=drawn.colour, linestyle=drawn.dash, marker="o", markersize=3)
            axes.set_xlabel("trials")
            axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
            axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
            low, high = axes.get_ylim()
            axes.set_ylim(max(low, -0.02), min(high, 1.02))  # an interval may reach beyond what an accuracy can be
            axes.yaxis.set_major_formatter(FuncFormatter(percent))
        legend(figure, title, handles)
    return figure
