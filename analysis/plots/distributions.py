"""All singular values by epoch: dark where many lie."""

import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

from analysis.findings.distributions import Distribution
from analysis.plots.panels import MARKED, TITLE_CHARACTERS, drop_unused, empty, legend
from analysis.plots.style import INK, WIDTH, ConditionStyle, condition_styles, style


def distributions_figure(
    distributions: Sequence[Distribution], conditions: Sequence[str], architecture: str, title: str
) -> Figure:
    """Draw one architecture's singular values by epoch: a panel a condition, dark where many values lie.

    Args:
        distributions: what to draw; other architectures' are left out.
        conditions: panels, from left to right, at most four a row.
        architecture: the one drawn.
        title: a sentence above the picture.

    Returns:
        The picture.
    """
    styles = condition_styles(conditions)
    by_condition = {d.condition: d for d in distributions if d.architecture == architecture}
    across = min(max(len(conditions), 2), 4)
    down = -(-len(conditions) // across)
    with style():
        figure = Figure(figsize=(WIDTH, 0.75 + 2.5 * down), layout="constrained")
        grid = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
        for axes, condition in zip(grid.flat, conditions, strict=False):
            axes.set_title(textwrap.fill(condition, TITLE_CHARACTERS))
            if condition in by_condition:
                _draw_distribution(axes, by_condition[condition], styles[condition])
            else:
                empty(axes)
        for row in grid:
            row[0].set_ylabel("singular value")
        for place, axes in enumerate(grid.flat):
            lowest = place + across >= len(conditions)
            axes.tick_params(labelbottom=lowest)
            if lowest:
                axes.set_xlabel("epoch")
        drop_unused(figure, grid.flat[len(conditions) :])
        largest = Line2D([], [], color=INK, label="largest value, mean over seeds")
        median = Line2D([], [], color=INK, linestyle="dashed", linewidth=1.1, label="median value, mean over seeds")
        legend(figure, title, [largest, median])
    return figure


def _draw_distribution(axes: Axes, cell: Distribution, drawn_as: ConditionStyle) -> None:
    shades = LinearSegmentedColormap.from_list("share", ["white", drawn_as.colour])
    # The square root lets sparse tails show beside a crowded bulk.
    axes.pcolormesh(cell.epoch_edges, cell.edges, cell.share, cmap=shades, norm=PowerNorm(0.5, vmin=0), rasterized=True)
    marker = "o" if len(cell.epochs) <= MARKED else ""
    axes.plot(cell.epochs, cell.largest, color=INK, marker=marker, markersize=2.5)
    axes.plot(cell.epochs, cell.median, color=INK, linestyle="dashed", linewidth=1.1)
    axes.set_yscale("log")
    axes.set_ylim(cell.edges[0], cell.edges[-1])
    narrow = cell.edges[-1] < 300 * cell.edges[0]
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if narrow else (1.0,)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
    axes.grid(visible=False)
