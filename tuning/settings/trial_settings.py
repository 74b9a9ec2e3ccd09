"""One trial's complete settings, and the one codec between them and flat plain values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import models
from models import Architecture, PlainArchitecture
from regularizers import RegularizerSettings, name_of
from tuning.records import NOTHING_ABLATED, Phase
from tuning.settings.build import build, build_named
from tuning.settings.dataset import DataSettings
from tuning.settings.optimizers import OPTIMIZERS, Optimizer
from tuning.settings.regularizer import flatten, unflatten
from tuning.settings.training import Measure, Resources, Schedule, Training

FlatSettings = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class TrialSettings:
    """Everything that decides one training; equal settings give equal bits on equal machines.

    Attributes:
        study: the study's name.
        phase: what it is for; the test part is read in `tuning.records.CONFIRMATIONS` alone.
        condition: the condition's name in the study file.
        ablated: the factor of the condition that is switched off.
        generation: how many trials of this phase, cell and index the study has replaced, because it grew.
        index: the trial's number in its cell and phase, from 0; arms are paired by it.
        seed: what initialization, data order and augmentation are derived from; equal for all cells at one index.
        split_seed: what the validation part is drawn by; equal for all trials of the tune phase.
        dataset: which images.
        architecture: which model.
        regularizer: how its weights are held.
        optimizer: how they are updated.
        schedule: the learning rate's course.
        training: learning rate, batch size, epochs, initialization.
        measure: when and in which views spectra are taken.
        resources: what the trial reserves.
    """

    study: str
    phase: Phase
    condition: str
    index: int
    seed: int
    split_seed: int
    dataset: DataSettings
    architecture: Architecture
    regularizer: RegularizerSettings
    optimizer: Optimizer
    schedule: Schedule
    training: Training
    measure: Measure
    resources: Resources
    ablated: str = NOTHING_ABLATED
    generation: int = 0

    def __post_init__(self) -> None:
        self.regularizer.check_training(self.training.learning_rate, self.optimizer.update_bounds)

    @property
    def cell(self) -> str:
        """``architecture/condition``."""
        return f"{self.architecture.name}/{self.condition}"

    @property
    def key(self) -> str:
        """``phase__architecture__condition__index``: names the trial in the journal, the store and on disk.

        Where a factor is switched off, its name comes before the index; a later generation's number follows it.
        """
        names = [str(self.phase), self.architecture.name, self.condition]
        names += [] if self.ablated == NOTHING_ABLATED else [self.ablated]
        names += [f"{self.index:03d}"]
        return "__".join(names if self.generation == 0 else [*names, f"g{self.generation}"])

    @property
    def title(self) -> str:
        """The condition, and what of it is switched off, as people read it."""
        return self.condition if self.ablated == NOTHING_ABLATED else f"{self.condition} without {self.ablated}"

    @property
    def tags(self) -> dict[str, str]:
        """What the store groups runs by; the store adds how the trial ended and the commit."""
        return {
            "study": self.study,
            "phase": str(self.phase),
            "architecture": self.architecture.name,
            "family": self.architecture.family,
            "size": self.architecture.size,
            "condition": self.condition,
            "ablated": self.ablated,
            "regularizer": name_of(self.regularizer),
            "optimizer": self.optimizer.name,
            "dataset": self.dataset.name,
            "seed": str(self.index),
            "trial_key": self.key,
        }


def to_flat(settings: TrialSettings) -> FlatSettings:
    """Return the settings as ``{"training.learning_rate": 0.001, …}``: scalars and lists, for Ray, JSON and MLflow.

    Args:
        settings: one trial's settings.

    Returns:
        A dict that `from_flat` turns back into equal settings.
    """
    flat: FlatSettings = {}
    for field in fields(settings):
        value: Any = getattr(settings, field.name)
        if not is_dataclass(value) or isinstance(value, type):
            flat[field.name] = str(value) if isinstance(value, Phase) else value
            continue
        if isinstance(value, RegularizerSettings):
            flat |= {f"{field.name}.{name}": item for name, item in flatten(value).items()}
            continue
        if isinstance(value, Architecture):
            value = value.plain
        if field.name == "optimizer":
            flat["optimizer.name"] = settings.optimizer.name
        for part in fields(value):
            item = getattr(value, part.name)
            flat[f"{field.name}.{part.name}"] = list(item) if isinstance(item, tuple) else item
    return flat


def from_flat(flat: Mapping[str, Any]) -> TrialSettings:
    """Return the settings that `to_flat` has flattened.

    Args:
        flat: flat keys and plain values; keys of other people's are an error.

    Returns:
        Settings equal to the original.
    """
    scalars = {key: value for key, value in flat.items() if "." not in key}
    groups: dict[str, dict[str, Any]] = {}
    for key, value in flat.items():
        if "." in key:
            group, name = key.split(".", 1)
            groups.setdefault(group, {})[name] = value
    parts: dict[str, Any] = {
        "dataset": build("dataset", DataSettings, groups["dataset"]),
        "architecture": models.read(build("architecture", PlainArchitecture, groups["architecture"])),
        "regularizer": unflatten(groups["regularizer"]),
        "optimizer": build_named("optimizer", OPTIMIZERS, groups["optimizer"]),
        "schedule": build("schedule", Schedule, groups["schedule"]),
        "training": build("training", Training, groups["training"]),
        "measure": build("measure", Measure, groups["measure"]),
        "resources": build("resources", Resources, groups["resources"]),
    }
    return TrialSettings(**{**scalars, "phase": Phase(scalars["phase"]), **parts})


def to_params(settings: TrialSettings) -> dict[str, str]:
    """Return the flat settings as text, for MLflow's params: text as it is, other values as JSON.

    Args:
        settings: one trial's settings.

    Returns:
        Names and texts that `from_params` turns back into equal settings.
    """
    return {name: _as_text(value) for name, value in to_flat(settings).items()}


def from_params(params: Mapping[str, str]) -> TrialSettings:
    """Return the settings that `to_params` has written.

    Args:
        params: names and texts.

    Returns:
        Settings equal to the original, to the last bit of every number.
    """
    return from_flat({name: _from_text(text) for name, text in params.items()})


def _as_text(value: Any) -> str:
    plain_text = isinstance(value, str) and isinstance(_from_text(value), str)
    return value if plain_text else json.dumps(value)


def _from_text(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
