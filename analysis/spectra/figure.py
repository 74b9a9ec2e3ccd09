"""A picture of all singular values, a row a weight: how large they are, and how they fall off."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator

from analysis.plots.picture import Picture, svg
from analysis.plots.style import FAINT, INK, TITLE_SIZE, WIDTH, style
from analysis.spectra.measured import Layer, Measured

BANDS = (0.8, 0.5, 0.2, 0.1, 0.05, 0.01, 0.001)
"""Shares of σ₁ that part the bands, descending."""

_DEPTH = 1e-4  # of the largest value of all: what is smaller would squeeze the rest
# Eight steps of viridis, whose order is seen without colours too.
_SHADES = ("#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725")


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One weight's singular values in a few numbers.

    Attributes:
        name: the layer's.
        largest: σ₁; NaN where the weight is not finite.
        median: of all values.
        smallest: of all values.
        shares: of the values in each band, from the largest to the smallest, which sum to one; empty where there is
            no σ₁ to measure by, or no other value.
    """

    name: str
    largest: float
    median: float
    smallest: float
    shares: tuple[float, ...]


def profile(layer: Layer) -> Profile:
    """Compute what is drawn of one weight.

    Args:
        layer: the weight.

    Returns:
        Its profile.
    """
    values = layer.spectrum.singular_values.double().numpy()
    largest = float(values.max()) if layer.finite else float("nan")
    shares: tuple[float, ...] = ()
    if largest > 0 and len(values) > 1:
        above = [np.count_nonzero(values >= share * largest) for share in BANDS]
        shares = tuple((np.diff([0, *above, len(values)]) / len(values)).tolist())
    return Profile(
        name=layer.name,
        largest=largest,
        median=float(np.median(values)),
        smallest=float(values.min()),
        shares=shares,
    )


def picture(measured: Measured) -> Picture:
    """Draw a checkpoint.

    Args:
        measured: the checkpoint.

    Returns:
        The picture.
    """
    title = "Singular values of each weight: their size, and how many are how small beside the largest"
    return Picture(name="spectra", title=title, svg=svg(figure([profile(layer) for layer in measured.layers], title)))


def figure(profiles: Sequence[Profile], title: str) -> Figure:
    """Draw a row a weight: on the left where its values lie, on the right how many lie in each band.

    Args:
        profiles: from top to bottom.
        title: a sentence above the picture.

    Returns:
        The picture; without the right half where no weight has bands.
    """
    falling = any(profile.shares for profile in profiles)
    with style():
        drawn = Figure(figsize=(WIDTH, 1.35 + 0.2 * len(profiles)), layout="constrained")
        ratios = {"width_ratios": [2, 3]} if falling else None
        panels = drawn.subplots(1, 2 if falling else 1, squeeze=False, sharey=True, gridspec_kw=ratios)[0]
        _draw_sizes(panels[0], profiles)
        if falling:
            _draw_bands(panels[1], profiles)
        panels[0].set_yticks(range(len(profiles)), [profile.name for profile in profiles])
        panels[0].set_ylim(len(profiles) - 0.5, -0.5)
        drawn.legend(
            handles=[Patch(facecolor=shade, label=label) for shade, label in zip(_SHADES, _labels(), strict=True)]
            if falling
            else [],
            title=title,
            alignment="left",
            loc="outside upper left",
            ncols=len(_SHADES),
            handlelength=1.2,
            columnspacing=1.4,
            title_fontproperties={"weight": "bold", "size": TITLE_SIZE},
        )
    return drawn


def _draw_sizes(axes: Axes, profiles: Sequence[Profile]) -> None:
    positive = [profile.largest for profile in profiles if profile.largest > 0]
    floor = _DEPTH * max(positive, default=1.0)
    for row, profile in enumerate(profiles):
        if profile.largest > 0:
            axes.plot([max(profile.smallest, floor), profile.largest], [row, row], color=FAINT, linewidth=1.2)
            axes.plot([max(profile.median, floor)], [row], "|", color=INK, markersize=6)
            axes.plot([profile.largest], [row], "o", color=_SHADES[1], markersize=4)
        else:
            said = "zero" if profile.largest == 0 else "not finite"
            axes.text(0.5, row, said, transform=axes.get_yaxis_transform(), ha="center", va="center", color=FAINT)
    axes.set_xscale("log")
    if positive:
        low = max(floor, min(profile.smallest for profile in profiles if profile.largest > 0))
        axes.set_xlim(low / 1.3, 1.3 * max(positive))
        narrow = max(positive) < 100 * low
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if narrow else (1.0,)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
    axes.set_xlabel("singular values: smallest to largest (dot), median (bar)")


def _draw_bands(axes: Axes, profiles: Sequence[Profile]) -> None:
    rows = [row for row, profile in enumerate(profiles) if profile.shares]
    left = np.zeros(len(rows))
    for band, shade in enumerate(_SHADES):
        widths = np.array([profiles[row].shares[band] for row in rows])
        axes.barh(rows, widths, left=left, height=0.8, color=shade)
        left += widths
    axes.set_xlim(0, 1)
    axes.grid(visible=False)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}%"))
    axes.set_xlabel("share of the singular values, the largest on the left")


def _labels() -> list[str]:
    between = [f"{low:g}–{high:g}" for high, low in pairwise(BANDS)]
    return [f"≥ {BANDS[0]:g} σ₁", *between, f"< {BANDS[-1]:g} σ₁"]
