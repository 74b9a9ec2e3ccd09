"""What spectra cost and how exact they are: against WeightWatcher, and against the loops that people write."""

import math
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import nn

from benchmarks import weight_watcher
from benchmarks.interleaved import Timing, interleave
from benchmarks.machine import machine, synchronize
from benchmarks.spectra_contenders import CLASSES, EXACT, INPUT_SHAPE, MEASURE, Values, contenders
from models import ARCHITECTURES
from regularizers import select
from regularizers.measure import measure
from tuning.trial import build_initialized

NAMES = ("resnet-medium", "resnet-large", "mlp-medium")
CIRCULAR = "resnet-medium"
"""Of which the exact circular view is measured, too."""

_FITTED = "WeightWatcher, mp_fit"

Result = dict[str, Any]


def run(
    architectures: Sequence[str], device: torch.device, *, rounds: int, rival: str | None, circular: str = CIRCULAR
) -> Result:
    """Time all contenders on every architecture; compare values with exact ones, and measures with WeightWatcher's.

    Args:
        architectures: names.
        device: where.
        rounds: in which all contenders take part.
        rival: the versions of an installed WeightWatcher; None leaves it out.
        circular: of which architecture the circular view is measured, too, if it is among them.

    Returns:
        Machine, timings, deviations and disagreement, for JSON.
    """
    result: Result = {"machine": machine(device), "rival": rival, "flat": {}, "circular": {}, "disagreement": {}}
    for name in architectures:
        print(f"{name} …", file=sys.stderr)
        model = build_initialized(ARCHITECTURES[name], INPUT_SHAPE, CLASSES, name="default", seed=0).to(device)
        contest = partial(_contest, model, device=device, rounds=rounds)
        result["flat"][name] = contest("flat", {"WeightWatcher": weight_watcher.analyzer(model)} if rival else {})
        if name == circular:
            result["circular"][name] = contest("circular", {})
        if rival:
            timing, details = _fitted(model, device)
            result["flat"][name]["timings"][_FITTED] = timing.plain()
            if all(isinstance(target.module, nn.Linear) for target in select(model)):
                disagreement = weight_watcher.disagreement(measure(model, INPUT_SHAPE), details)
                result["disagreement"][name] = _in_four_digits(disagreement)
    return result


def _contest(
    model: nn.Module, view: str, rivals: Mapping[str, Callable[[], object]], *, device: torch.device, rounds: int
) -> Result:
    finders = dict(contenders(model, view))
    exact = finders.pop(EXACT)()
    steps = {**finders, **rivals}
    timings = interleave(
        steps, partial(synchronize, device), budget=0.0, rounds=rounds, patience=math.inf, reference=MEASURE
    )
    return {
        "weights": len(exact),
        "values": sum(values.numel() for values in exact.values()),
        "timings": {name: timing.plain() for name, timing in timings.items()},
        "deviation": _in_four_digits({name: deviation(find(), exact) for name, find in finders.items()}),
    }


def _fitted(model: nn.Module, device: torch.device) -> tuple[Timing, weight_watcher.Details]:
    """WeightWatcher with the bulk fitted: a minute on a ResNet, so once, beside one run of the reference."""
    details: list[weight_watcher.Details] = []
    analyze = weight_watcher.analyzer(model, mp_fit=True)
    steps = {MEASURE: contenders(model, "flat")[MEASURE], _FITTED: lambda: details.append(analyze())}
    timings = interleave(steps, partial(synchronize, device), budget=0.0, rounds=0, patience=0.0, reference=MEASURE)
    return timings[_FITTED], details[0]


def deviation(found: Values, exact: Values) -> float:
    """The largest difference of a singular value from its exact one over all weights, relative to the weight's σ₁.

    Args:
        found: all values, descending, by weight.
        exact: the same in float64.

    Example:
        >>> deviation({"0": torch.tensor([2.0, 1.5])}, {"0": torch.tensor([2.0, 1.0]).double()})
        0.25
    """
    errors = [(found[name].cpu() - values.cpu()).abs().max() / values[0].cpu() for name, values in exact.items()]
    return float(torch.stack(errors).max())


def _in_four_digits(numbers: Mapping[str, float]) -> dict[str, float]:
    return {name: float(f"{number:.4g}") for name, number in numbers.items()}


def markdown(result: Result) -> str:
    """Return the tables of a result.

    Args:
        result: of `run`, or read from JSON.
    """
    lines = [f"Machine: {result['machine']}; {result['rival'] or 'WeightWatcher was not installed'}."]
    for view in ("flat", "circular"):
        if result[view]:
            lines += [
                "",
                f"The {view} view:",
                "",
                "| network | contender | seconds | × `measure` | quartiles | runs | deviation / σ₁ |",
                "|---|---|--:|--:|--:|--:|--:|",
                *(row for name, measured in result[view].items() for row in _rows(name, measured)),
            ]
    for name, found in result["disagreement"].items():
        lines += [
            "",
            f"The largest relative difference from WeightWatcher's measures, over the weights of {name}:",
            "",
            "| " + " | ".join(found) + " |",
            "|" + "--:|" * len(found),
            "| " + " | ".join(f"{value:.1g}" for value in found.values()) + " |",
        ]
    return "\n".join(lines)


def _rows(name: str, measured: Mapping[str, Any]) -> Iterator[str]:
    network = f"{name}: {measured['weights']} weights, {measured['values']} values"
    for contender, plain in measured["timings"].items():
        timing = Timing(**plain)
        low, high = timing.quartiles
        cells = [
            network,
            contender,
            f"{statistics.median(timing.seconds):.3g}",
            f"{timing.ratio:.2f}",
            f"{low:.2f} – {high:.2f}",
            f"{len(timing.ratios)}",
            f"{measured['deviation'][contender]:.0e}" if contender in measured["deviation"] else "",
        ]
        yield "| " + " | ".join(cells) + " |"
        network = ""
