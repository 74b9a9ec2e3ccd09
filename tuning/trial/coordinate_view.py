"""A coordinate check for people: its table on the terminal, its picture in a file. Nothing is computed here."""

from pathlib import Path

from rich.table import Table

from tuning.trial.coordinate_check import Coordinates

_COLOURS = {"flat": "green", "grows": "red", "shrinks": "yellow", "not finite": "red"}


def as_table(coordinates: Coordinates) -> Table:
    """Return the activations after the last step by layer and width, with their slopes and a verdict.

    Args:
        coordinates: what the check has recorded.
    """
    last = coordinates.steps
    widths = [f"width {width}" for width in coordinates.widths]
    table = Table(
        "layer",
        *widths,
        "slope at 0",
        f"slope at {last}",
        "verdict",
        title=f"mean |activation| after {last} steps",
        box=None,
        pad_edge=False,
        header_style="bold",
    )
    sizes = coordinates.by_width(last).T.tolist()
    slopes = zip(coordinates.slopes(0), coordinates.slopes(last), coordinates.verdicts(last), strict=True)
    for layer, row, (before, after, verdict) in zip(coordinates.layers, sizes, slopes, strict=True):
        coloured = f"[{_COLOURS[verdict]}]{verdict}[/]"
        table.add_row(layer, *(f"{size:.3g}" for size in row), f"{before:+.2f}", f"{after:+.2f}", coloured)
    return table


def sentence(coordinates: Coordinates) -> str:
    """Return what the table says as a whole: the verdict of the last step, and what was otherwise before it.

    Earlier steps are no verdict: outputs that shrink with the width before the first step may need some to forget it.

    Args:
        coordinates: what the check has recorded.
    """
    last = coordinates.steps
    verdicts = coordinates.verdicts(last)
    flat, layers = verdicts.count("flat"), len(verdicts)
    if flat == layers:
        told = f"all {layers} layers are flat: at these widths hyperparameters should transfer."
    else:
        told = f"{layers - flat} of {layers} layers are not flat: what was found at one width need not suit another."
    return f"After step {last}, which alone is judged, {told}{_earlier(coordinates)}"


def _earlier(coordinates: Coordinates) -> str:
    """Name the steps before the last after which fewer layers were flat than after it."""
    flat = {step: coordinates.verdicts(step).count("flat") for step in range(1, coordinates.steps + 1)}
    fewer = [str(step) for step, count in flat.items() if count < flat[coordinates.steps]]
    return f" Fewer were flat after step {', '.join(fewer)}." if fewer else ""


def draw(coordinates: Coordinates, path: Path, title: str) -> None:
    """Draw activation against width, a panel a step (the first, the second and the last), a line a layer.

    Args:
        coordinates: what the check has recorded.
        path: of the picture; its suffix decides the format.
        title: above the panels.
    """
    # Slow to import, and only this command draws. The Figure is made without pyplot, which would look for a display.
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    shown = sorted({0, 1, coordinates.steps})
    figure = Figure(figsize=(4 * len(shown), 4), layout="constrained")
    figure.suptitle(title, fontsize="small", parse_math=False)
    panels = figure.subplots(1, len(shown), sharey=True, squeeze=False)[0]
    colours = colormaps["viridis"].resampled(len(coordinates.layers) + 1)
    for axes, step in zip(panels, shown, strict=True):
        for index, (layer, sizes) in enumerate(
            zip(coordinates.layers, coordinates.by_width(step).T.tolist(), strict=True)
        ):
            axes.plot(coordinates.widths, sizes, marker="o", color=colours(index), label=layer)
        axes.set_xscale("log", base=2)
        axes.set_yscale("log", base=2)
        axes.set_xlabel("width")
        axes.set_title(f"after {step} steps" if step != 1 else "after 1 step")
    panels[0].set_ylabel("mean |activation|")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
