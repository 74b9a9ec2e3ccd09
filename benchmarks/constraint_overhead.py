"""What a training step costs with each regularizer, against one without and against the code of 2023."""

import statistics
import sys
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

import torch

from analysis.notation import count, number
from benchmarks.contenders import LEARNING_RATE, ORIGINAL, SETTINGS, contenders
from benchmarks.interleaved import AGAIN, REFERENCE, Timing, interleave
from benchmarks.machine import machine, synchronize

ARCHITECTURES = ("mlp-small", "mlp-medium", "mlp-large", "resnet-medium")
BATCH_SIZE = 512
PERIODS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Values of ``every`` that are tried, in this order, until the mean step costs at most ``ALLOWED`` times ``none``."""
ALLOWED = 1.25

Result = dict[str, Any]


def run(
    architectures: Sequence[str],
    device: torch.device,
    *,
    batch_sizes: Mapping[str, int],
    budget: float,
    only: Collection[str] = (),
) -> Result:
    """Time every regularizer on every architecture.

    Args:
        architectures: names.
        device: where.
        batch_sizes: of the architectures whose batches are not of ``BATCH_SIZE`` images.
        budget: seconds an architecture, after three rounds of all.
        only: names of regularizers, as the table has them; none for all.

    Returns:
        Machine and timings, for JSON.

    Raises:
        FloatingPointError: a weight became infinite or NaN, with which steps may take another time.
    """
    result: Result = {"machine": machine(device), "learning_rate": LEARNING_RATE, "architectures": {}}
    for architecture in architectures:
        batch_size = batch_sizes.get(architecture, BATCH_SIZE)
        print(f"{architecture}, batch {batch_size} …", file=sys.stderr)
        steps, finite = contenders(architecture, batch_size, device, only)
        timings = interleave(steps, partial(synchronize, device), budget=budget)
        if not finite():
            raise FloatingPointError(f"weights must stay finite, got others on {architecture}; lower the learning rate")
        result["architectures"][architecture] = {
            "batch_size": batch_size,
            "timings": {name: timing.plain() for name, timing in timings.items()},
        }
    return result


def markdown(result: Result) -> str:
    """Return the tables of a result.

    Args:
        result: of `run`, or read from JSON.
    """
    lines = [f"Machine: {result['machine']}; float32, Adam.", ""]
    for architecture, measured in result["architectures"].items():
        timings = {name: Timing(**plain) for name, plain in measured["timings"].items()}
        seconds = timings[REFERENCE].seconds
        milliseconds = f"{number(1000 * statistics.median(seconds))} ms a step (median of {count(len(seconds), 'run')})"
        lines += [
            f"**{architecture}**, batch {measured['batch_size']}: `none` takes {milliseconds}.",
            "",
            "| regularizer | × `none` | quartiles | runs | × 2023 original | `every` for ≤ 1.25 × | then, computed |",
            "|---|--:|--:|--:|--:|--:|--:|",
        ]
        lines += [_row(name, timings[name], timings[ORIGINAL]) for name in _ordered(timings)]
        lines.append("")
    return "\n".join(lines)


def _ordered(timings: Mapping[str, Timing]) -> list[str]:
    last = [AGAIN, ORIGINAL]
    return sorted((name for name in timings if name not in {REFERENCE, *last}), key=lambda n: timings[n].ratio) + last


def _row(name: str, timing: Timing, original: Timing) -> str:
    low, high = timing.quartiles
    every = next((k for k in PERIODS if mean_ratio(timing.ratio, k) <= ALLOWED), None)
    period = [f"{every}", f"{mean_ratio(timing.ratio, every):.2f}"] if every is not None else ["> 1000", ""]
    if every == 1 or not hasattr(SETTINGS.get(name), "every"):
        period = ["", ""]
    cells = [_number(timing.ratio), f"{_number(low)} – {_number(high)}", f"{len(timing.ratios)}"]
    cells.append(f"{timing.ratio / original.ratio:.2g}" if name != ORIGINAL else "1")
    return f"| {name} | " + " | ".join([*cells, *period]) + " |"


def mean_ratio(ratio: float, every: int) -> float:
    """The mean step's ratio where every so-many-th step has this one; the others only count.

    Args:
        ratio: of a step that acts.
        every: steps from one to the next.

    Example:
        >>> mean_ratio(11.0, 50)
        1.2
    """
    return 1 + (ratio - 1) / every


def _number(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 9.95 else f"{ratio:.0f}"
