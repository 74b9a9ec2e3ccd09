"""Metrics by epoch: a line and its band a condition."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.curves import Curve
from analysis.looks import WIDTH, Look, looks, style
from analysis.plots.panels import MARKED, empty, legend, legend_rows, line, percent
from tuning import records


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
        handles = [line(look[name], name) for name in conditions]
        height = 0.55 + 0.2 * legend_rows(handles) + 1.95 * len(architectures)
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
        legend(figure, title, handles)
    return figure


def _draw_curves(axes: Axes, curves: Sequence[Curve], look: dict[str, Look], column: Column) -> None:
    if not curves:
        empty(axes)
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
        axes.yaxis.set_major_formatter(FuncFormatter(percent))
