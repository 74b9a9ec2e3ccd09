"""Validation accuracy against each setting that was searched: a row an architecture, a column a setting."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

from analysis.findings.sensitivity import Sensitivity
from analysis.plots.panels import legend, legend_rows, line, percent
from analysis.plots.style import FAINT, WIDTH, ConditionStyle, condition_styles, style
from tuning.records import short_name


def settings_figure(
    found: Sequence[Sensitivity],
    architectures: Sequence[str],
    conditions: Sequence[str],
    title: str,
) -> Figure:
    """Draw each trial as a dot, and mean and interval of the trials in each part of a range.

    Args:
        found: what to draw.
        architectures: rows.
        conditions: all of the study, for their colours.
        title: a sentence above the picture.

    Returns:
        The picture.
    """
    styles = condition_styles(conditions)
    settings = list(dict.fromkeys(sensitivity.setting for sensitivity in found))
    with style():
        handles = [line(styles[name], name) for name in conditions]
        size = (WIDTH, 0.55 + 0.2 * legend_rows(handles) + 2.1 * len(architectures))
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(len(architectures), len(settings), squeeze=False, sharex="col", sharey="row")
        for row, architecture in zip(grid, architectures, strict=True):
            of_row = [sensitivity for sensitivity in found if sensitivity.architecture == architecture]
            for axes, setting in zip(row, settings, strict=True):
                _draw(axes, [sensitivity for sensitivity in of_row if sensitivity.setting == setting], styles)
            _bound(row[0], of_row)
            row[0].set_ylabel(architecture, fontweight="bold")
            row[0].yaxis.set_major_locator(MaxNLocator(nbins=5))
            row[0].yaxis.set_major_formatter(FuncFormatter(percent))
        for axes, setting in zip(grid[-1], settings, strict=True):
            axes.set_xlabel(short_name(setting).replace("_", " "))
        legend(figure, title, handles)
    return figure


def _draw(axes: Axes, found: Sequence[Sensitivity], styles: dict[str, ConditionStyle]) -> None:
    if not found:
        axes.text(0.5, 0.5, "not searched", transform=axes.transAxes, ha="center", va="center", color=FAINT)
    if any(sensitivity.log for sensitivity in found):
        axes.set_xscale("log")
        narrow = max(sensitivity.edges[-1] for sensitivity in found) < 300 * min(
            sensitivity.edges[0] for sensitivity in found
        )
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if narrow else (1.0,)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.minorticks_off()
    for sensitivity in found:
        drawn = styles[sensitivity.condition]
        axes.plot(
            sensitivity.values, sensitivity.scores, "o", color=drawn.colour, markersize=3, alpha=0.45, markeredgewidth=0
        )
        middles = (
            np.sqrt(sensitivity.edges[1:] * sensitivity.edges[:-1])
            if sensitivity.log
            else (sensitivity.edges[1:] + sensitivity.edges[:-1]) / 2
        )
        axes.plot(middles, sensitivity.band.mean, color=drawn.colour, linestyle=drawn.dash, marker="D", markersize=3.5)
        axes.fill_between(
            middles, sensitivity.band.low, sensitivity.band.high, color=drawn.colour, alpha=0.12, linewidth=0
        )


def _bound(axes: Axes, found: Sequence[Sensitivity]) -> None:
    """Show the scores of the trials alone: intervals of two or three, and what diverged, reach far beyond."""
    scores = np.concatenate([sensitivity.scores for sensitivity in found])
    scores = scores[scores > 0]
    if len(scores):
        margin = 0.06 * max(float(np.ptp(scores)), 0.01)
        axes.set_ylim(float(scores.min()) - margin, min(float(scores.max()) + margin, 1.02))
