"""Rank correlations of measures with outcomes: a panel an outcome, a row a measure, a column an epoch."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.plots.panels import name_rows
from analysis.plots.style import INK, WIDTH, ink_on, style
from analysis.stats import Estimate


@dataclass(frozen=True, kw_only=True)
class When:
    """One column of every panel: when measures were taken, or over which pairs they are correlated.

    Attributes:
        name: below it.
        judged: its numbers are evidence, bold where the interval leaves out zero; others are in italics, never bold,
            and set apart.
    """

    name: str
    judged: bool = True


Correlations = Mapping[tuple[str, str], Estimate]
"""By measure and the name of a column."""


def correlations_figure(
    panels: Mapping[str, Correlations],
    measures: Mapping[str, str],
    columns: Sequence[When],
    title: str,
    ordinary: int,
) -> Figure:
    """Draw correlations as shades with their hundredths in them, bold where the interval leaves out zero.

    Args:
        panels: by title, from left to right.
        measures: their names and what they are called, from top to bottom.
        columns: of every panel, from left to right.
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
            _draw(axes, found, list(measures), columns)
            axes.axhline(len(measures) - ordinary - 0.5, color=INK, linewidth=0.9)
        name_rows(figure, grid[0, 0], measures.values(), title)
    return figure


def _draw(axes: Axes, found: Correlations, measures: Sequence[str], columns: Sequence[When]) -> None:
    shades = mpl.colormaps["RdBu_r"]
    places = {column.name: place for place, column in enumerate(columns)}
    for (measure, name), correlation in found.items():
        row, place = measures.index(measure), places[name]
        judged = columns[place].judged
        apart = judged and (correlation.low > 0 or correlation.high < 0)
        shade = shades(0.5 + 0.42 * correlation.value)  # most of the map's range: its ends tell no more apart
        axes.fill_between([place - 0.5, place + 0.5], row - 0.48, row + 0.48, color=shade, linewidth=0)
        text = axes.text(
            place,
            row,
            f"{round(100 * correlation.value) + 0:+d}",
            ha="center",
            va="center",
            fontsize=6.5,
            color=ink_on(shade),
        )
        text.set_fontweight("bold" if apart else "normal")
        text.set_fontstyle("normal" if judged else "italic")
    for place, (left, right) in enumerate(itertools.pairwise(columns)):
        if left.judged != right.judged:
            axes.axvline(place + 0.5, color=INK, linewidth=0.9)
    axes.set_xticks(range(len(columns)), [column.name for column in columns])
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_xlabel("measured after epoch")
    axes.grid(visible=False)
