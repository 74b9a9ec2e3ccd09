"""What panels of all pictures have in common: legends, percent, and words where there is nothing."""

from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.looks import FAINT, TITLE_SIZE, Look

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


def line(look: Look, label: str) -> Line2D:
    """Return what stands for a condition in a legend."""
    return Line2D([], [], color=look.colour, linestyle=look.dash, label=label)
