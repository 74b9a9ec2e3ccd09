"""How every picture looks: one colour and dash a condition, the same everywhere; and type."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.typing import LineStyleType

WIDTH = 11.0
"""Inches of a full-width picture: 1100 pixels of the page, where 9 points are 12.5 pixels."""

TITLE_SIZE = 10.0
INK = "#222222"
FAINT = "#8a8a8a"

# Okabe and Ito's colours, which colour-blind readers tell apart ("Color universal design", 2008), without
# their yellow, too pale for a line on white. Grey comes first, as the baseline does in a study.
COLOURS = ("#6e6e6e", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
DASHES: tuple[LineStyleType, ...] = ("solid", "dashed", "dotted")

STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # ships with matplotlib: the same page on every machine
    "font.size": 9.0,
    "text.color": INK,
    "text.parse_math": False,  # a dollar in a condition's name is a dollar
    "axes.titlesize": 9.0,
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.7,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "xtick.major.size": 0.0,
    "ytick.major.size": 0.0,
    "xtick.minor.size": 0.0,
    "ytick.minor.size": 0.0,
    "lines.linewidth": 1.6,
    "legend.frameon": False,
    "figure.titlesize": TITLE_SIZE,
    "svg.fonttype": "path",  # the page needs no font of the reader's
    "svg.hashsalt": "spectune",  # equal pictures are equal files
}


@dataclass(frozen=True, kw_only=True)
class ConditionStyle:
    """How a condition is drawn.

    Attributes:
        colour: hexadecimal RGB.
        dash: a matplotlib line style; changes when the colours begin again.
    """

    colour: str
    dash: LineStyleType


def condition_styles(conditions: Sequence[str]) -> dict[str, ConditionStyle]:
    """Give every condition its style, by its place in the study.

    Args:
        conditions: all of the study, in its order, so that a condition keeps its colour in pictures that lack
            others.

    Returns:
        A style for each name; they differ for the first 24.
    """
    return {
        name: ConditionStyle(
            colour=COLOURS[place % len(COLOURS)],
            dash=DASHES[place // len(COLOURS) % len(DASHES)],
        )
        for place, name in enumerate(conditions)
    }


def ink_on(shade: tuple[float, float, float, float]) -> str:
    """Choose black or white, whichever reads better on a shade by the contrast of their luminances (WCAG 2.2).

    Args:
        shade: red, green, blue and opacity, of which the last is not looked at.

    Returns:
        A colour; its contrast is 4.5 at least.

    Example:
        >>> ink_on((1.0, 1.0, 0.5, 1.0)), ink_on((0.1, 0.2, 0.5, 1.0))
        ('black', 'white')
    """
    under = _luminance(shade[:3]) + 0.05
    return "black" if under / 0.05 >= 1.05 / under else "white"


def _luminance(colour: tuple[float, ...]) -> float:
    linear = [channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@contextmanager
def style() -> Generator[None]:
    """Draw in the house's style inside, in the caller's again afterwards."""
    with mpl.rc_context(STYLE):
        yield
