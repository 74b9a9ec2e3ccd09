"""How spectra fall off: a panel a condition, a line an architecture."""

import textwrap
from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from analysis.findings.decay_profiles import GRID, DecayProfile
from analysis.plots.panels import TITLE_CHARACTERS, drop_unused, empty, legend, legend_rows, percent
from analysis.plots.style import WIDTH, style


def decay_profiles_figure(
    profiles: Sequence[DecayProfile], conditions: Sequence[str], architectures: Sequence[str], title: str
) -> Figure:
    """Draw how singular values fall off, architectures side by side.

    Args:
        profiles: what to draw.
        conditions: panels, at most four a row.
        architectures: lines.
        title: a sentence above the picture.

    Returns:
        The picture.
    """
    shades = mpl.colormaps["viridis"]
    # The colours of conditions would say something else here; the end of the map is too pale for a line on white.
    colours = {name: shades(0.85 * place / max(len(architectures) - 1, 1)) for place, name in enumerate(architectures)}
    across = min(max(len(conditions), 2), 4)
    down = -(-len(conditions) // across)
    with style():
        handles = [Line2D([], [], color=colour, label=name) for name, colour in colours.items()]
        figure = Figure(figsize=(WIDTH, 0.6 + 0.2 * legend_rows(handles) + 2.3 * down), layout="constrained")
        grid = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
        for axes, condition in zip(grid.flat, conditions, strict=False):
            axes.set_title(textwrap.fill(condition, TITLE_CHARACTERS))
            _draw(axes, [profile for profile in profiles if profile.condition == condition], colours)
        for row in grid:
            row[0].set_ylabel("σ / σ₁, mean over weights")
        for place, axes in enumerate(grid.flat):
            if place + across >= len(conditions):
                axes.tick_params(labelbottom=True)
                axes.set_xlabel("from the largest to the smallest")
        drop_unused(figure, grid.flat[len(conditions) :])
        legend(figure, title, handles)
    return figure


def _draw(axes: Axes, profiles: Sequence[DecayProfile], colours: dict[str, tuple[float, float, float, float]]) -> None:
    if not profiles:
        empty(axes)
        return
    for profile in profiles:
        colour = colours[profile.architecture]
        axes.fill_between(GRID, profile.band.low, profile.band.high, color=colour, alpha=0.2, linewidth=0)
        axes.plot(GRID, profile.band.mean, color=colour)
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(0.0, 1.02)
    axes.xaxis.set_major_formatter(FuncFormatter(percent))
    axes.yaxis.set_major_formatter(FuncFormatter(percent))
