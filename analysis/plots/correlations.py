"""Rank correlations of measures with outcomes: a panel an outcome, a row a measure, a column an epoch."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.looks import INK, WIDTH, ink_on, style
from analysis.plots.panels import name_rows
from analysis.stats import Estimate

Correlations = Mapping[tuple[str, int], Estimate]
"""By measure and epoch."""


def correlations_figure(
    panels: Mapping[str, Correlations],
    measures: Mapping[str, str],
    epochs: Sequence[int],
    title: str,
    ordinary: int,
) -> Figure:
    """Draw correlations as shades with their hundredths in them, bold where the interval leaves out zero.

    Args:
        panels: by title, from left to right.
        measures: their names and what they are called, from top to bottom.
        epochs: columns.
        title: a sentence above the picture.
        ordinary: so many of the last rows are set apart by a line.

    Returns:
        The picture.
    """
    with style():
        figure = Figure(figsize=(WIDTH, 1.1 + 0.19 * len(measures)), layout="constrained")
        grid = figure.subplots(1, len(panels), squeeze=False, sharey=True)
        for axes, (heading, found) in zip(grid[0], panels.items(), strict=True):
            axes.set_title(heading)
            _draw(axes, found, list(measures), epochs)
            axes.axhline(len(measures) - ordinary - 0.5, color=INK, linewidth=0.9)
        name_rows(figure, grid[0, 0], measures.values(), title)
    return figure


def _draw(axes: Axes, found: Correlations, measures: Sequence[str], epochs: Sequence[int]) -> None:
    shades = mpl.colormaps["RdBu_r"]
    for (measure, epoch), one in found.items():
        row, column = measures.index(measure), epochs.index(epoch)
        apart = one.low > 0 or one.high < 0
        shade = shades(0.5 + 0.42 * one.value)  # most of the map's range: its ends tell no more apart
        axes.fill_between([column - 0.5, column + 0.5], row - 0.48, row + 0.48, color=shade, linewidth=0)
        text, weight = f"{round(100 * one.value) + 0:+d}", "bold" if apart else "normal"
        axes.text(column, row, text, ha="center", va="center", fontsize=6.5, fontweight=weight, color=ink_on(shade))
    axes.set_xticks(range(len(epochs)), map(str, epochs))
    axes.set_xlim(-0.5, len(epochs) - 0.5)
    axes.set_xlabel("measured after epoch")
    axes.grid(visible=False)
