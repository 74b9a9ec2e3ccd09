"""What measuring adds to an epoch of 50,000 images: the recorder of every trial, between real training steps."""

import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from analysis import notation
from benchmarks.machine import machine
from tuning.records import MEASURE_SECONDS, Phase
from tuning.settings import TrialSettings
from tuning.study import parse_study
from tuning.trial.data import Batches, Dataset, normalization
from tuning.trial.recorder import Recorder
from tuning.trial.trainer import Loop, prepare_process
from tuning.trial.trial_data import TrialData

IMAGES, BATCH_SIZE = 50_000, 128
_VALIDATION = 500  # evaluation is not what is measured here
_SECONDS = 10.0  # of training between two looks

LOOKS: dict[str, dict[str, Any]] = {
    "economy, flat": {"bundle": "economy", "views": ["flat"]},
    "standard, flat": {"bundle": "standard", "views": ["flat"]},
    "standard, flat and circular": {"bundle": "standard", "views": ["flat", "circular"]},
}
"""What a study may measure in every epoch, by what the table calls it."""

Result = dict[str, Any]


def run(architectures: Sequence[str], *, rounds: int, images: int = IMAGES, seconds: float = _SECONDS) -> Result:
    """Train for some seconds, measure the weights in every way, and so on in turn.

    Args:
        architectures: names.
        rounds: how often everything is measured.
        images: of an epoch.
        seconds: of training in a round, at least three steps.

    Returns:
        Machine, and for each architecture and way of measuring the seconds of it and of the epoch, by round.
    """
    result: Result = {"machine": machine(torch.device("cpu")), "images": images, "architectures": {}}
    for name in architectures:
        print(f"{name} …", file=sys.stderr)
        convolutions = name.startswith("resnet")
        chosen = {look: how for look, how in LOOKS.items() if convolutions or "circular" not in how["views"]}
        result["architectures"][name] = _rounds(name, chosen, rounds, images, seconds)
    return result


def _rounds(architecture: str, looks: dict[str, dict[str, Any]], rounds: int, images: int, seconds: float) -> Result:
    settings = {look: _settings(architecture, how) for look, how in looks.items()}
    first = next(iter(settings.values()))
    prepare_process(first)
    data = _data(first, images)
    loop = Loop.build(first, data)
    recorders = {look: Recorder(how, loop.model, data) for look, how in settings.items()}
    batches = (batch for epoch in range(1, 1_000_000) for batch in data.training.epoch(epoch))
    found: Result = {"epoch": [], **{look: [] for look in looks}}
    for number in range(-1, rounds):  # the first round warms up: memory, threads, what movement compares with
        steps, begun = 0, time.perf_counter()
        loop.model.train()
        while steps < 3 or time.perf_counter() - begun < seconds:
            loop.step(*next(batches), 1.0)
            steps += 1
        epoch = (time.perf_counter() - begun) / steps * len(data.training)
        taken = {look: recorder.record(1, train_sums=None, seconds=0.0) for look, recorder in recorders.items()}
        if number >= 0:
            found["epoch"].append(float(f"{epoch:.4g}"))
            for look, record in taken.items():
                found[look].append(float(f"{record.metrics[MEASURE_SECONDS]:.4g}"))
    return found


def _settings(architecture: str, how: dict[str, Any]) -> TrialSettings:
    study = parse_study(
        {
            "name": "measuring",
            "dataset": {"name": "cifar10"},
            "architectures": [architecture],
            "conditions": {"none": {"regularizer": "none"}},
            "shared": {"learning_rate": 1e-4},
            "training": {"epochs": 1, "batch_size": BATCH_SIZE},
            "search": {"trials": 1},
            "measure": how,
            "resources": {"cpu": torch.get_num_threads()},
        },
        source="benchmark",
    )
    return study.cells[0].settings(Phase.TUNE, 0, {})


def _data(settings: TrialSettings, images: int) -> TrialData:
    """Random images of CIFAR-10's shape, decoded, normalized and augmented as a study's are."""
    generator = torch.Generator().manual_seed(0)
    total = images + _VALIDATION
    pictures = torch.randint(256, (total, 3, 32, 32), generator=generator, dtype=torch.uint8)
    labels = torch.randint(10, (total,), generator=generator)
    names = tuple(map(str, range(10)))
    dataset = Dataset(
        train_images=pictures, train_labels=labels, class_names=names, content_key="", test=lambda: (pictures, labels)
    )
    index = torch.arange(total)
    training = Batches(
        images=pictures,
        labels=labels,
        index=index[:images],
        normalization=normalization(pictures, index[:images]),
        batch_size=settings.training.batch_size,
        device=torch.device("cpu"),
        crop=4,
        flip=True,
    )
    validation = replace(training, index=index[images:], batch_size=_VALIDATION, crop=0, flip=False)
    return TrialData(dataset=dataset, training=training, validation=validation, test=None, device=training.device)


def markdown(result: Result) -> str:
    """Return the table of a result.

    Args:
        result: of `run`, or read from JSON.
    """
    lines = [
        f"Machine: {result['machine']}; an epoch of {result['images']:,} images, batch {BATCH_SIZE}, Adam.",
        "",
        "| network | seconds an epoch | measured | seconds | share of an epoch | lowest – highest | rounds |",
        "|---|--:|---|--:|--:|--:|--:|",
    ]
    for name, found in result["architectures"].items():
        for look in (look for look in found if look != "epoch"):
            shares = [seconds / epoch for seconds, epoch in zip(found[look], found["epoch"], strict=True)]
            cells = [
                name,
                notation.number(statistics.median(found["epoch"])),
                look,
                notation.number(statistics.median(found[look])),
                _percent(statistics.median(shares)),
                " – ".join(dict.fromkeys(map(_percent, (min(shares), max(shares))))),
                f"{len(shares)}",
            ]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _percent(share: float) -> str:
    """Write a share with a decimal, and what would round to nothing as less than the least that does not."""
    return f"{share:.1%}" if share >= 0.0005 else "< 0.1%"
