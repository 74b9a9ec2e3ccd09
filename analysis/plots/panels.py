"""What panels of all pictures have in common: legends, percent, and words where there is nothing."""

from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.plots.style import FAINT, TITLE_SIZE, WIDTH, ConditionStyle

MARKED = 25
"""Up to so many epochs each is marked by a dot; more would make a line of dots."""

TITLE_CHARACTERS = 36
"""A condition's name is broken there: a panel of a quarter of the width holds no more."""

LEGEND_CHARACTERS = 150
"""What a line of a legend holds, the lines' samples included."""


def percent(value: float, _: int | None) -> str:
    """Write a share at a tick of an axis."""
    return f"{100 * value:.6g}%"


def empty(axes: Axes) -> None:
    """Say that there is nothing, where an empty frame would look like a curve out of sight."""
    axes.text(0.5, 0.5, "no confirmation run", transform=axes.transAxes, ha="center", va="center", color=FAINT)
    axes.tick_params(labelbottom=False)
    axes.grid(visible=False)


def panelled(
    count: int, across: int, frame: float, height: float, *, sharey: bool = False
) -> tuple[Figure, list[Axes]]:
    """Return a figure of so many panels, a row after the other, and their axes.

    Args:
        count: panels.
        across: side by side at most.
        frame: height of what stands above and below them, in inches.
        height: of a row of panels.
        sharey: whether they have one vertical axis.
    """
    across = min(count, across)
    down = -(-count // across)
    figure = Figure(figsize=(WIDTH, frame + down * height), layout="constrained")
    grid = figure.subplots(down, across, squeeze=False, sharey=sharey)
    drop_unused(figure, grid.flat[count:])
    return figure, list(grid.flat[:count])


def name_rows(figure: Figure, axes: Axes, names: Iterable[str], title: str) -> None:
    """Name the rows of a picture beside its first panel, from top to bottom, and set its title above."""
    names = list(names)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold")


def drop_unused(figure: Figure, unused: Iterable[Axes]) -> None:
    """Take away the panels that a grid has too many."""
    for axes in unused:
        figure.delaxes(axes)


def _legend_columns(handles: Sequence[Line2D]) -> int:
    longest = max(len(str(handle.get_label())) for handle in handles)
    return max(1, min(len(handles), 6, LEGEND_CHARACTERS // (longest + 6)))


def legend_rows(handles: Sequence[Line2D]) -> int:
    """Return how many lines of text a legend of these takes."""
    return -(-len(handles) // _legend_columns(handles))


def legend(figure: Figure, title: str, handles: Sequence[Line2D]) -> None:
    """Set the legend above the panels, the picture's title above the legend."""
    drawn = figure.legend(
        handles=handles,
        title=title,
        alignment="left",
        loc="outside upper left",
        ncols=_legend_columns(handles),
        handlelength=2.2,
        title_fontproperties={"weight": "bold", "size": TITLE_SIZE},
    )
    drawn.get_title().set_y(2)


def line(drawn_as: ConditionStyle, label: str) -> Line2D:
    """Return what stands for a condition in a legend."""
    return Line2D([], [], color=drawn_as.colour, linestyle=drawn_as.dash, label=label)
