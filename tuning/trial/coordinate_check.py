"""The coordinate check: does the size of activations depend on the width of a network after a few steps?"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from regularizers import select
from tuning.settings import TrialSettings
from tuning.trial.trainer import Loop, prepare_process
from tuning.trial.trial_data import TrialData

FLAT = 0.1
"""A slope of log₂ activation against log₂ width up to this, either way, counts as flat: 7 % a doubling."""


@dataclass(frozen=True, kw_only=True, eq=False)  # tensors have no single answer to ==
class Coordinates:
    """Mean absolute activations, by width, seed, step and layer.

    Attributes:
        widths: ascending, at least two.
        layers: the names of the ``Linear`` and ``Conv2d`` modules, in the order of the modules.
        activations: mean |output| of each layer over a batch, float64, shape (widths, seeds, steps + 1, layers); the
            entry t of the third dimension is that after t steps.
    """

    widths: tuple[int, ...]
    layers: tuple[str, ...]
    activations: Tensor

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return self.activations.shape[2] - 1

    def by_width(self, step: int) -> Tensor:
        """Return the mean over seeds after so many steps, shape (widths, layers)."""
        return self.activations[:, :, step].mean(1)

    def slopes(self, step: int) -> list[float]:
        """Return each layer's slope of log₂ mean activation against log₂ width, by least squares.

        Args:
            step: after so many steps.

        Returns:
            One slope a layer: 0 where width changes nothing, ½ where activations grow with its root; not finite where
            an activation is zero or not finite.
        """
        x = torch.tensor(self.widths, dtype=torch.float64).log2()
        x = x - x.mean()
        y = self.by_width(step).log2()
        slopes: list[float] = ((x @ (y - y.mean(0))) / x.square().sum()).tolist()
        return slopes

    def verdicts(self, step: int) -> list[str]:
        """Return ``flat``, ``grows``, ``shrinks`` or ``not finite`` for each layer after so many steps."""
        return [_verdict(slope) for slope in self.slopes(step)]


def _verdict(slope: float) -> str:
    if not abs(slope) < float("inf"):
        return "not finite"
    if abs(slope) <= FLAT:
        return "flat"
    return "grows" if slope > 0 else "shrinks"


def coordinate_check(trials: Mapping[int, Sequence[TrialSettings]], steps: int) -> Coordinates:
    """Train each width for a few steps on one batch, and record how large every layer's outputs are.

    Under a parametrization in which hyperparameters transfer across width, no layer's activations grow or shrink with
    the width after any number of steps (Yang et al. 2022, https://arxiv.org/abs/2203.03466, appendix D.1; for the
    spectral condition Yang, Simon and Bernstein 2023, https://arxiv.org/abs/2310.17813). What grows becomes unstable in
    wide networks, what shrinks stops learning. At step 0 the outputs may shrink with the root of the width.

    The steps are those of a training, regularizer included, on the first batch of the first epoch and at a constant
    learning rate: the schedule is left out. Equal settings give equal bits. Where torch sees no GPU, trials that would
    reserve one are trained on the cores: sizes of activations depend on no device.

    Args:
        trials: by width, one trial a seed, which differ in the width and the seed alone.
        steps: at least 1.

    Returns:
        The activations before the first step and after each.
    """
    widths = sorted(trials)
    by_seed = list(zip(*(map(_here, trials[width]) for width in widths), strict=True))
    recorded: list[Tensor] = []
    for same_seed in by_seed:
        data = TrialData.open(same_seed[0], prepare_process(same_seed[0]))
        batch = next(data.training.epoch(1))
        recorded.append(torch.stack([_activations(Loop.build(trial, data), batch, steps) for trial in same_seed]))
    layers = [target.name for target in select(Loop.build(by_seed[0][0], data).model)]
    return Coordinates(widths=tuple(widths), layers=tuple(layers), activations=torch.stack(recorded, dim=1))


def _here(trial: TrialSettings) -> TrialSettings:
    """Return a trial's settings with the resources of this machine."""
    return trial if torch.cuda.is_available() else replace(trial, resources=replace(trial.resources, gpu=0))


def _activations(loop: Loop, batch: tuple[Tensor, Tensor], steps: int) -> Tensor:
    """The activations of one model after 0, 1, …, steps steps, shape (steps + 1, layers), on the CPU."""
    x, y = batch
    modules = [target.module for target in select(loop.model)]
    loop.model.train()
    with _recording(modules) as sizes:
        for _ in range(steps):
            loop.step(x, y, 1.0)
        with torch.no_grad():
            loop.model(x)
    return torch.stack(sizes).view(steps + 1, len(modules)).double().cpu()


@contextmanager
def _recording(modules: Sequence[nn.Module]) -> Generator[list[Tensor]]:
    """Collect mean |output| of the modules at every forward pass, in the order of the modules.

    Yields:
        The list that is being filled: one scalar a module and pass, on the modules' device.
    """
    sizes: list[Tensor] = []
    latest: dict[nn.Module, Tensor] = {}

    def record(module: nn.Module, arguments: Any, output: Tensor) -> None:
        latest[module] = output.detach().abs().mean()
        if len(latest) == len(modules):  # all have spoken: the pass is over
            sizes.extend(latest[module] for module in modules)
            latest.clear()

    handles = [module.register_forward_hook(record) for module in modules]
    try:
        yield sizes
    finally:
        for handle in handles:
            handle.remove()
