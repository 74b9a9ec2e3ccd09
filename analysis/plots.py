"""Pictures of computed tuples; no arithmetic beyond what axes need."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

from analysis.curves import Confirmed, Curve
from analysis.distributions import Distribution
from analysis.looks import FAINT, INK, TITLE_SIZE, WIDTH, Look, looks, style
from tuning import records

MARKED = 25
"""Up to so many epochs each is marked by a dot; more would make a line of dots."""

TITLE_CHARACTERS = 36
"""A condition's name is broken there: a panel of a quarter of the width holds no more."""

LEGEND_CHARACTERS = 150
"""What a line of a legend holds, the lines' samples included."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a picture of curves.

    Attributes:
        metric: a name of `tuning.records.METRICS`.
        title: above the column.
        percent: the metric is written in percent.
        share: a metric in percent lies between 0 and 100 %.
    """

    metric: str
    title: str
    percent: bool = False
    share: bool = True


LEARNING = (
    Column(metric=records.TRAIN_LOSS, title="training loss"),
    Column(metric=records.VAL_LOSS, title="validation loss"),
    Column(metric=records.TRAIN_ACCURACY, title="training accuracy", percent=True),
    Column(metric=records.VAL_ACCURACY, title="validation accuracy", percent=True),
)
HOLDING = (
    Column(metric=records.SPECTRAL_NORM_MAX, title="largest spectral norm"),
    Column(metric=records.SPECTRAL_NORM_MEAN, title="mean spectral norm"),
    Column(metric=records.EFFECTIVE_RANK_MEAN, title="mean effective rank"),
    Column(metric=records.LIPSCHITZ_BOUND, title="log10 Lipschitz bound"),
)
MOVING = (
    Column(metric=records.DISTANCE_MEAN, title="distance from the start"),
    Column(metric=records.UPDATE_NORM_MEAN, title="norm of an epoch's update"),
    Column(metric=records.AGREEMENT_MEAN, title="agreement"),
    Column(metric=records.ALIGNMENT_MEAN, title="alignment"),
)
GENERALIZING = (
    Column(metric=records.MARGIN_MEDIAN, title="median margin"),
    Column(metric=records.MARGIN_LOW, title="margin, 10 % quantile"),
    Column(metric=records.GAP_LOSS, title="gap of the loss"),
    Column(metric=records.GAP_ACCURACY, title="gap of the accuracy", percent=True, share=False),
)
NETWORK = (
    Column(metric=records.JACOBIAN_NORM, title="largest Jacobian norm"),
    Column(metric=records.LIPSCHITZ_PADDED, title="log10 bound, padded"),
    Column(metric=records.TOP_HALF_ACCURACY, title="accuracy, top half", percent=True),
    Column(metric=records.BOTTOM_HALF_ACCURACY, title="accuracy, bottom half", percent=True),
)


def curves_figure(
    curves: Sequence[Curve],
    columns: Sequence[Column],
    architectures: Sequence[str],
    conditions: Sequence[str],
    title: str,
) -> Figure:
    """Draw metrics by epoch: a row an architecture, a column a metric, a line and its band a condition.

    A column whose metric no curve has is left out, unless there is no curve at all.

    Args:
        curves: what to draw; others than the columns' are left out.
        columns: which metrics, from left to right.
        architectures: rows, from top to bottom.
        conditions: all of the study, for their colours.
        title: a sentence above the picture.

    Returns:
        The picture.
    """
    look = looks(conditions)
    drawn = {curve.metric for curve in curves}
    columns = [column for column in columns if column.metric in drawn] or columns
    with style():
        handles = [_line(look[name], name) for name in conditions]
        height = 0.55 + 0.2 * _legend_rows(handles) + 1.95 * len(architectures)
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        grid = figure.subplots(len(architectures), len(columns), squeeze=False, sharex="row")
        for row, architecture in zip(grid, architectures, strict=True):
            for axes, column in zip(row, columns, strict=True):
                mine = [c for c in curves if (c.architecture, c.metric) == (architecture, column.metric)]
                _draw_curves(axes, mine, look, column)
            row[0].set_ylabel(architecture, fontweight="bold")
        for axes, column in zip(grid[0], columns, strict=True):
            axes.set_title(column.title)
        for axes in grid[-1]:
            axes.set_xlabel("epoch")
        _legend(figure, title, handles)
    return figure


def _draw_curves(axes: Axes, curves: Sequence[Curve], look: dict[str, Look], column: Column) -> None:
    if not curves:
        _empty(axes)
        axes.tick_params(labelleft=False)
        return
    for curve in curves:
        drawn = look[curve.condition]
        axes.fill_between(curve.epochs, curve.band.low, curve.band.high, color=drawn.colour, alpha=0.16, linewidth=0)
        marker = "o" if len(curve.epochs) <= MARKED else ""
        axes.plot(
            curve.epochs,
            curve.band.mean,
            color=drawn.colour,
            linestyle=drawn.dash,
            marker=marker,
            markersize=3,
        )
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
    if column.percent:
        if column.share:
            low, high = axes.get_ylim()
            axes.set_ylim(max(low, -0.02), min(high, 1.02))  # the interval of two seeds may be wider than all there is
        axes.yaxis.set_major_formatter(FuncFormatter(_percent))


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
    look = looks(conditions)
    across = min(len(architectures), 3)
    down = -(-len(architectures) // across)
    with style():
        size = (WIDTH, 0.5 + down * (0.75 + 0.3 * len(conditions)))
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(down, across, squeeze=False, sharey=True)
        for axes, architecture in zip(grid.flat, architectures, strict=False):
            mine = {cell.condition: cell for cell in cells if cell.architecture == architecture}
            for place, condition in enumerate(conditions):
                if condition in mine:
                    _draw_accuracy(axes, mine[condition], place, look[condition])
            low, high = axes.get_xlim()
            axes.set_xlim(max(low, 0.0), min(high, 1.0))  # an interval may reach beyond what an accuracy can be
            if not mine:
                _empty(axes)
            axes.set_title(architecture, fontweight="bold")
            axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
            axes.xaxis.set_major_formatter(FuncFormatter(_percent))
        grid[0, 0].set_yticks(range(len(conditions)), conditions)
        grid[0, 0].set_ylim(len(conditions) - 0.5, -0.5)
        _drop_unused(figure, grid.flat[len(architectures) :])
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return figure


def _draw_accuracy(axes: Axes, cell: Confirmed, place: int, look: Look) -> None:
    beneath = [place + 0.27] * len(cell.accuracies)
    axes.plot(cell.accuracies, beneath, "o", color=look.colour, markersize=4, alpha=0.45, markeredgewidth=0)
    if cell.interval.n > 1:
        axes.plot([cell.interval.low, cell.interval.high], [place, place], color=look.colour, linewidth=2)
    axes.plot([cell.interval.mean], [place], "D", color=look.colour, markersize=6, markeredgecolor="white")


def spectra_figure(
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
    look = looks(conditions)
    mine = {d.condition: d for d in distributions if d.architecture == architecture}
    across = min(max(len(conditions), 2), 4)
    down = -(-len(conditions) // across)
    with style():
        figure = Figure(figsize=(WIDTH, 0.75 + 2.5 * down), layout="constrained")
        grid = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
        for axes, condition in zip(grid.flat, conditions, strict=False):
            axes.set_title(textwrap.fill(condition, TITLE_CHARACTERS))
            if condition in mine:
                _draw_distribution(axes, mine[condition], look[condition])
            else:
                _empty(axes)
        for row in grid:
            row[0].set_ylabel("singular value")
        for place, axes in enumerate(grid.flat):
            lowest = place + across >= len(conditions)
            axes.tick_params(labelbottom=lowest)
            if lowest:
                axes.set_xlabel("epoch")
        _drop_unused(figure, grid.flat[len(conditions) :])
        largest = Line2D([], [], color=INK, label="largest value, mean over seeds")
        median = Line2D([], [], color=INK, linestyle="dashed", linewidth=1.1, label="median value, mean over seeds")
        _legend(figure, title, [largest, median])
    return figure


def _draw_distribution(axes: Axes, cell: Distribution, look: Look) -> None:
    shades = LinearSegmentedColormap.from_list("share", ["white", look.colour])
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


def _percent(value: float, _: int | None) -> str:
    return f"{100 * value:.6g}%"


def _empty(axes: Axes) -> None:
    """Say that there is nothing, where an empty frame would look like a curve out of sight."""
    axes.text(0.5, 0.5, "no confirmation run", transform=axes.transAxes, ha="center", va="center", color=FAINT)
    axes.tick_params(labelbottom=False)
    axes.grid(visible=False)


def _drop_unused(figure: Figure, unused: Iterable[Axes]) -> None:
    for axes in unused:
        figure.delaxes(axes)


def _legend_columns(handles: Sequence[Line2D]) -> int:
    longest = max(len(str(handle.get_label())) for handle in handles)
    return max(1, min(len(handles), 6, LEGEND_CHARACTERS // (longest + 6)))


def _legend_rows(handles: Sequence[Line2D]) -> int:
    return -(-len(handles) // _legend_columns(handles))


def _legend(figure: Figure, title: str, handles: Sequence[Line2D]) -> None:
    """Set the legend above the panels, the picture's title above the legend."""
    legend = figure.legend(
        handles=handles,
        title=title,
        alignment="left",
        loc="outside upper left",
        ncols=_legend_columns(handles),
        handlelength=2.2,
        title_fontproperties={"weight": "bold", "size": TITLE_SIZE},
    )
    legend.get_title().set_y(2)


def _line(look: Look, label: str) -> Line2D:
    return Line2D([], [], color=look.colour, linestyle=look.dash, label=label)
