"""What is timed: every regularizer of the table, as one model may carry it."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from benchmarks.interleaved import REFERENCE
from benchmarks.original_2023 import Original2023
from models import ARCHITECTURES
from regularizers import REGULARIZERS, Regularizer, RegularizerSettings
from tuning.settings import Adam
from tuning.trial import build_initialized, build_optimizer, take_step

ORIGINAL = "2023 original"
LEARNING_RATE = 1e-4
INPUT_SHAPE, CLASSES = (3, 32, 32), 10  # CIFAR-10's

_VARIANTS: dict[str, dict[str, dict[str, Any]]] = {
    "lipschitz_constraint": {
        "p=1": {"bound": 10.0, "p": 1},
        "p=2": {"bound": 1.0, "batch_norm_bound": 1.0},
        "p=inf": {"bound": 10.0, "p": "inf"},
    },
    "spectral_hard_cap": {"": {}, "polynomial": {"form": "polynomial"}},
}
"""Methods that cost one thing or another: what each variant is called, and what it changes in the example."""


def _settings() -> Iterator[tuple[str, RegularizerSettings]]:
    for name, kind in REGULARIZERS.items():
        if next(first for first, known in REGULARIZERS.items() if known is kind) != name:
            continue  # another name of the same method
        for variant, changes in _VARIANTS.get(name, {"": {}}).items():
            yield f"{name} {variant}".strip(), kind(**{**kind.example, **changes})


SETTINGS: dict[str, RegularizerSettings] = dict(_settings())
"""By what a table calls them; ``every`` is 1 in all. The numbers do not change what a step costs."""


@dataclass(frozen=True, kw_only=True)
class _Carrier:
    """One model with its optimizer, which many regularizers can hold in turn."""

    model: nn.Module
    regularizers: dict[str, Regularizer]


def contenders(
    architecture: str, batch_size: int, device: torch.device, only: Collection[str] = ()
) -> tuple[Mapping[str, Callable[[], object]], Callable[[], bool]]:
    """Return what takes one training step with each regularizer: forward, backward, Adam, regularizer.

    Regularizers that act on the trained tensor take turns on one model, so that a large model fits many times; each
    that reparametrizes has its own.

    Args:
        architecture: one of the six names.
        batch_size: images a step.
        device: where.
        only: some names of ``SETTINGS``; none for all.

    Returns:
        Steps by name, ``REFERENCE`` and ``ORIGINAL`` always, and a question: are all weights still finite?
    """
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(batch_size, *INPUT_SHAPE, generator=generator).to(device)
    y = torch.randint(CLASSES, (batch_size,), generator=generator).to(device)
    wanted = [name for name in SETTINGS if name == REFERENCE or not only or name in only]
    shared = [name for name in wanted if not SETTINGS[name].reparametrizes]
    carriers = [_carrier(architecture, device, [*shared, ORIGINAL])]
    carriers += [_carrier(architecture, device, [name]) for name in wanted if name not in shared]
    steps: dict[str, Callable[[], object]] = {}
    for carrier in carriers:
        optimizer = build_optimizer(carrier.model, Adam(), LEARNING_RATE)
        carrier.model(x)  # some methods look at the size of a layer's images when it sees its first
        for name, regularizer in carrier.regularizers.items():
            steps[name] = partial(take_step, carrier.model, regularizer, optimizer, (x, y), LEARNING_RATE)
    if architecture.startswith("mlp"):
        steps.pop("conv_operator_clip", None)  # of a matrix it is spectral_hard_cap
    return steps, lambda: all(p.isfinite().all() for carrier in carriers for p in carrier.model.parameters())


def _carrier(architecture: str, device: torch.device, names: list[str]) -> _Carrier:
    model = build_initialized(ARCHITECTURES[architecture], INPUT_SHAPE, CLASSES, name="default", seed=0).to(device)
    held = {name: SETTINGS[name].attach(model) if name in SETTINGS else Original2023.attach(model) for name in names}
    return _Carrier(model=model, regularizers=held)
