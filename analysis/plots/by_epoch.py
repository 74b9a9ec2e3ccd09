"""Metrics by epoch: a line and its band a condition."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.findings.curves import Curve
from analysis.plots.panels import MARKED, empty, legend, legend_rows, line, percent
from analysis.plots.style import WIDTH, ConditionStyle, condition_styles, style
from tuning import records


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a picture of curves.

    Attributes:
        metric: a name of `tuning.records.METRICS`.
        title: above the column.
        percent: the metric is written in percent.
        share: a metric in percent lies between 0 and 100 %.
        meaning: a sentence below the picture; columns may share it.
    """

    metric: str
    title: str
    percent: bool = False
    share: bool = True
    meaning: str = ""


MARGIN = "The margin of an image is the logit of its class less the largest other one."
GAP = (
    "Gaps are between training images without augmentation and validation images, above zero where the network does "
    "better on the former."
)
HALVES = (
    "Halves: validation accuracy when every weight but the last keeps only the upper or only the lower half of its "
    "singular values."
)

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
    Column(
        metric=records.DISTANCE_MEAN,
        title="distance from the start",
        meaning="Distance from the start: from the weight before the first step, relative to its size.",
    ),
    Column(
        metric=records.UPDATE_NORM_MEAN,
        title="norm of an epoch's update",
        meaning="Norm of an epoch's update: spectral norm of what changed since the measurement before.",
    ),
    Column(
        metric=records.AGREEMENT_MEAN,
        title="agreement",
        meaning="Agreement: how much the leading singular vectors are those of the measurement before, 1 at most.",
    ),
    Column(
        metric=records.ALIGNMENT_MEAN,
        title="alignment",
        meaning=(
            "Alignment: how far the leading directions that a weight takes in are those that the weight before it puts "
            "out, 1 at most."
        ),
    ),
)
GENERALIZING = (
    Column(metric=records.MARGIN_MEDIAN, title="median margin", meaning=MARGIN),
    Column(metric=records.MARGIN_LOW, title="margin, 10 % quantile", meaning=MARGIN),
    Column(metric=records.GAP_LOSS, title="gap of the loss", meaning=GAP),
    Column(metric=records.GAP_ACCURACY, title="gap of the accuracy", percent=True, share=False, meaning=GAP),
)
NETWORK = (
    Column(
        metric=records.JACOBIAN_NORM,
        title="largest Jacobian norm",
        meaning=(
            "The Jacobian is that of the logits by the image; its largest norm over validation images lies below any "
            "bound."
        ),
    ),
    Column(
        metric=records.LIPSCHITZ_PADDED,
        title="log10 bound, padded",
        meaning="The padded bound takes convolutions as they act, with their padding and stride.",
    ),
    Column(metric=records.TOP_HALF_ACCURACY, title="accuracy, top half", percent=True, meaning=HALVES),
    Column(metric=records.BOTTOM_HALF_ACCURACY, title="accuracy, bottom half", percent=True, meaning=HALVES),
)


def columns_with(metrics: Collection[str], columns: Sequence[Column]) -> Sequence[Column]:
    """Return the columns that a picture shows: those whose metric is there, or all where none is.

    Args:
        metrics: of which there are curves.
        columns: of the picture.
    """
    return [column for column in columns if column.metric in metrics] or columns


def curves_figure(
    curves: Sequence[Curve],
    columns: Sequence[Column],
    architectures: Sequence[str],
    conditions: Sequence[str],
    title: str,
) -> Figure:
    """Draw metrics by epoch: a row an architecture, a column a metric, a line and its band a condition.

    Which columns are drawn, `columns_with` says.

    Args:
        curves: what to draw; others than the columns' are left out.
        columns: which metrics, from left to right.
        architectures: rows, from top to bottom.
        conditions: all of the study, for their colours.
        title: a sentence above the picture.

    Returns:
        The picture.
    """
    styles = condition_styles(conditions)
    columns = columns_with({curve.metric for curve in curves}, columns)
    with style():
        handles = [line(styles[name], name) for name in conditions]
        height = 0.55 + 0.2 * legend_rows(handles) + 1.95 * len(architectures)
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        grid = figure.subplots(len(architectures), len(columns), squeeze=False, sharex="row")
        for row, architecture in zip(grid, architectures, strict=True):
            for axes, column in zip(row, columns, strict=True):
                shown = [c for c in curves if (c.architecture, c.metric) == (architecture, column.metric)]
                _draw_curves(axes, shown, styles, column)
            row[0].set_ylabel(architecture, fontweight="bold")
        for axes, column in zip(grid[0], columns, strict=True):
            axes.set_title(column.title)
        for axes in grid[-1]:
            axes.set_xlabel("epoch")
        legend(figure, title, handles)
    return figure


def _draw_curves(axes: Axes, curves: Sequence[Curve], styles: dict[str, ConditionStyle], column: Column) -> None:
    if not curves:
        empty(axes)
        axes.tick_params(labelleft=False)
        return
    for curve in curves:
        drawn = styles[curve.condition]
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
