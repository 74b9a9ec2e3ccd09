"""Validation accuracy against each setting that was searched: a row an architecture, a column a setting."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

from analysis.findings.sensitivity import Sensitivity
from analysis.plots.panels import legend, legend_rows, line, percent
from analysis.plots.style import FAINT, WIDTH, Look, looks, style
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
    look = looks(conditions)
    settings = list(dict.fromkeys(one.setting for one in found))
    with style():
        handles = [line(look[name], name) for name in conditions]
        size = (WIDTH, 0.55 + 0.2 * legend_rows(handles) + 2.1 * len(architectures))
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(len(architectures), len(settings), squeeze=False, sharex="col", sharey="row")
        for row, architecture in zip(grid, architectures, strict=True):
            of_row = [one for one in found if one.architecture == architecture]
            for axes, setting in zip(row, settings, strict=True):
                _draw(axes, [one for one in of_row if one.setting == setting], look)
            _bound(row[0], of_row)
            row[0].set_ylabel(architecture, fontweight="bold")
            row[0].yaxis.set_major_locator(MaxNLocator(nbins=5))
            row[0].yaxis.set_major_formatter(FuncFormatter(percent))
        for axes, setting in zip(grid[-1], settings, strict=True):
            axes.set_xlabel(short_name(setting).replace("_", " "))
        legend(figure, title, handles)
    return figure


def _draw(axes: Axes, found: Sequence[Sensitivity], look: dict[str, Look]) -> None:
    if not found:
        axes.text(0.5, 0.5, "not searched", transform=axes.transAxes, ha="center", va="center", color=FAINT)
    if any(one.log for one in found):
        axes.set_xscale("log")
        narrow = max(one.edges[-1] for one in found) < 300 * min(one.edges[0] for one in found)
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if narrow else (1.0,)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.minorticks_off()
    for one in found:
        drawn = look[one.condition]
        axes.plot(one.values, one.scores, "o", color=drawn.colour, markersize=3, alpha=0.45, markeredgewidth=0)
        middles = np.sqrt(one.edges[1:] * one.edges[:-1]) if one.log else (one.edges[1:] + one.edges[:-1]) / 2
        axes.plot(middles, one.band.mean, color=drawn.colour, linestyle=drawn.dash, marker="D", markersize=3.5)
        axes.fill_between(middles, one.band.low, one.band.high, color=drawn.colour, alpha=0.12, linewidth=0)


def _bound(axes: Axes, found: Sequence[Sensitivity]) -> None:
    """Show the scores of the trials alone: intervals of two or three, and what diverged, reach far beyond."""
    scores = np.concatenate([one.scores for one in found])
    scores = scores[scores > 0]
    if len(scores):
        margin = 0.06 * max(float(np.ptp(scores)), 0.01)
        axes.set_ylim(float(scores.min()) - margin, min(float(scores.max()) + margin, 1.02))
