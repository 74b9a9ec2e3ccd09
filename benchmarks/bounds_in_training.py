"""What each method's promise is worth while a network really trains: exact spectral norms after every step."""

import statistics
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.machine import machine
from regularizers import Target, select, spectrum
from regularizers.holding.groups import flat_groups
from regularizers.holding.leading import Leading
from tuning.records import Phase
from tuning.study import parse_study
from tuning.trial.trainer import Loop
from tuning.trial.trial_data import TrialData

Result = dict[str, Any]
Promise = Callable[[Target], float]

STEPS = 400
ITERATIONS = (1, 2, 4, 16)
_ADAM = {"name": "adam"}
_SGD = {"name": "sgd"}
_MUON = {"name": "muon"}
_RATES = {"adam": 1e-3, "sgd": 0.1, "muon": 0.02}


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One training: how its weights are held and updated, and the norm each should have.

    Attributes:
        regularizer: its settings as a study file has them.
        optimizer: the same.
        promise: the norm of a weight, or the largest it may have; None where none is promised.
    """

    regularizer: Mapping[str, Any]
    optimizer: Mapping[str, Any]
    promise: Promise | None

    @property
    def name(self) -> str:
        """Name and numbers of the method, and the optimizer."""
        numbers = ", ".join(f"{key} {value}" for key, value in self.regularizer.items() if key != "regularizer")
        return f"{self.regularizer['regularizer']} ({numbers})" if numbers else self.regularizer["regularizer"]


def _fan_ratio(scale: float) -> Promise:
    return lambda target: scale * float(target.fan_out / target.fan_in) ** 0.5


def _constant(bound: float) -> Promise:
    return lambda target: bound


def _arms() -> Iterator[Arm]:
    unit, wide = _fan_ratio(1.0), _fan_ratio(1.5)
    for optimizer in (_ADAM, _SGD):
        for every in (1, 10):
            hammer = {"regularizer": "spectral_norm_scaling", "scale": 1.0, "every": every}
            yield Arm(regularizer=hammer, optimizer=optimizer, promise=unit)
            hammer = {"regularizer": "spectral_norm_scaling", "scale": 3.0, "every": every}
            yield Arm(regularizer=hammer, optimizer=optimizer, promise=_fan_ratio(3.0))
            projection = {"regularizer": "spectral_projection", "bound": 1.5, "every": every}
            yield Arm(regularizer=projection, optimizer=optimizer, promise=_constant(1.5))
        normalization = {"regularizer": "spectral_normalization", "scale": 1.0}
        yield Arm(regularizer=normalization, optimizer=optimizer, promise=unit)
        ball = {"regularizer": "norm_ball", "radius": 1.5, "where": ["first", "hidden"]}
        yield Arm(regularizer=ball, optimizer=optimizer, promise=wide)
        lipschitz = {"regularizer": "lipschitz_constraint", "bound": 1.5}
        yield Arm(regularizer=lipschitz, optimizer=optimizer, promise=_constant(1.5))
    for every in (1, 10, 50, 200):
        for name in ("spectral_hard_cap", "stiefel_projection"):
            yield Arm(regularizer={"regularizer": name, "bound": 1.0, "every": every}, optimizer=_ADAM, promise=unit)
    polynomial = {"regularizer": "spectral_hard_cap", "form": "polynomial", "bound": 1.0}
    yield Arm(regularizer=polynomial, optimizer=_ADAM, promise=unit)
    for every in (1, 10):
        hidden = {"bound": 1.0, "every": every, "where": ["hidden"]}
        yield Arm(regularizer={"regularizer": "spectral_soft_cap", **hidden}, optimizer=_MUON, promise=unit)
        yield Arm(regularizer={"regularizer": "spectral_hard_cap", **hidden}, optimizer=_MUON, promise=unit)
    for optimizer in (_ADAM, _SGD, _MUON):
        yield Arm(regularizer={"regularizer": "none"}, optimizer=optimizer, promise=None)


def run(dataset: Mapping[str, Any]) -> Result:
    """Train `mlp-small` with each method and compare, after every step, exact norms with promises and estimates.

    Args:
        dataset: as a study file has it.

    Returns:
        Machine and excesses, for JSON.
    """
    arms = []
    for arm in _arms():
        print(f"{arm.name}, {arm.optimizer['name']} …", file=sys.stderr)
        arms.append({"name": arm.name, "optimizer": arm.optimizer["name"], **_train(arm, dataset)})
    return {"machine": machine(torch.device("cpu")), "dataset": dict(dataset), "steps": STEPS, "arms": arms}


def _train(arm: Arm, dataset: Mapping[str, Any]) -> Result:
    loop = _loop(arm, dataset)
    held = [t.name for t in loop.regularizer.targets]
    targets = [target for target in select(loop.model) if target.name in held]
    weights = select(loop.model)
    following = {count: Leading(flat_groups(weights)) for count in ITERATIONS} if arm.promise is None else {}
    excess: list[float] = []
    errors: dict[int, list[float]] = {count: [] for count in following}
    for x, y in _batches(loop):
        loop.step(x, y, 1.0)
        with torch.no_grad():
            exact = {target.name: _norm(target.weight) for target in targets}
            if arm.promise is not None:
                excess += [exact[target.name] / arm.promise(target) - 1 for target in targets]
            for count, leading in following.items():
                sigmas = zip(leading.members, leading.follow(count).norms.tolist(), strict=True)
                errors[count] += [1 - sigma / exact[target.name] for target, sigma in sigmas]
    return {
        "excess": _summary(excess) if excess else None,
        "errors": {str(iterations): _summary(found) for iterations, found in errors.items()},
    }


def _norm(weight: Tensor) -> float:
    return spectrum.spectral_norm(weight.double())


def _summary(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "lowest": ordered[0],
        "median": statistics.median(ordered),
        "q99": ordered[int(0.99 * (len(ordered) - 1))],
        "highest": ordered[-1],
        "count": len(ordered),
    }


def _batches(loop: Loop) -> Iterator[tuple[Tensor, Tensor]]:
    taken = 0
    epoch = 0
    while True:
        epoch += 1
        for batch in loop.data.training.epoch(epoch):
            if taken == STEPS:
                return
            taken += 1
            yield batch


def _loop(arm: Arm, dataset: Mapping[str, Any]) -> Loop:
    """The training of an arm, as a study of one trial would begin it."""
    optimizer = arm.optimizer["name"]
    study = parse_study(
        {
            "name": "bounds",
            "dataset": dict(dataset),
            "architectures": ["mlp-small"],
            "conditions": {"arm": dict(arm.regularizer)},
            "shared": {"learning_rate": _RATES[optimizer]},
            "training": {"optimizer": optimizer, "epochs": 1, "batch_size": 128, "initialization": "orthogonal"},
            "search": {"trials": 1, "seed": 0},
            "confirm": {"seeds": 1},
        },
        "bounds",
    )
    (cell,) = study.cells
    settings = cell.settings(Phase.TUNE, 0, cell.draw(0))
    return Loop.build(settings, TrialData.open(settings, torch.device("cpu")))


def markdown(result: Result) -> str:
    """Return the tables of a result.

    Args:
        result: of `run`, or read from JSON.
    """
    dataset = Path(result["dataset"].get("path", result["dataset"]["name"])).name
    lines = [
        f"mlp-small on {dataset}, orthogonal initialization, batch 128, learning rates "
        f"{', '.join(f'{rate:g} ({name})' for name, rate in _RATES.items())}, {result['steps']} steps, one seed; "
        "the weights that are held, after every step, their norms by decomposition in float64.",
        "",
        "‖W‖₂ over the promised norm, less 1:",
        "",
        "| method | optimizer | lowest | median | 99 % | highest |",
        "|---|---|--:|--:|--:|--:|",
    ]
    promised = [arm for arm in result["arms"] if arm["excess"]]
    lines += [f"| {arm['name']} | {arm['optimizer']} | {_cells(arm['excess'])} |" for arm in promised]
    lines += [
        "",
        "1 − σ̂/σ₁ of the estimate by warm block power iteration, without a regularizer:",
        "",
        "| iterations a step | optimizer | lowest | median | 99 % | highest |",
        "|--:|---|--:|--:|--:|--:|",
    ]
    for arm in result["arms"]:
        lines += [f"| {count} | {arm['optimizer']} | {_cells(found)} |" for count, found in arm["errors"].items()]
    return "\n".join(lines)


def _cells(summary: Mapping[str, float]) -> str:
    return " | ".join(f"{summary[name]:.1e}" for name in ("lowest", "median", "q99", "highest"))
