"""A study: a question as data, read from YAML into a frozen model that refuses what it does not understand."""

from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from models import ARCHITECTURES, Architecture
from tuning.settings.build import build
from tuning.settings.checks import MOST
from tuning.settings.dataset import DataSettings
from tuning.settings.names import check_known, check_name
from tuning.settings.optimizers import OPTIMIZERS
from tuning.settings.space import parse, plain
from tuning.settings.training import INITIALIZATIONS, Measure, Resources, Schedule
from tuning.study.ablation import Ablate, check_ablation
from tuning.study.cell import Cell, Condition, read_condition
from tuning.study.matched import baseline, check_matched
from tuning.study.search import Search
from tuning.study.strict import Strict, named


class TrainingPlan(Strict):
    """The part of the training that all conditions share unless they say otherwise.

    Attributes:
        optimizer: a name, or a name with its numbers and their ranges.
        epochs: passes over the training part.
        batch_size: images a step, where it is not searched.
        schedule: a name, or a name with its numbers: what the learning rate is multiplied by.
        initialization: ``default``, torch's own; ``orthogonal``, scaled by √(fan_out/fan_in); ``mup``, Gaussian at the
            same scale.
    """

    optimizer: Annotated[dict[str, Any], BeforeValidator(named)] = Field(default={"name": "adam"})
    epochs: int = Field(ge=1, le=MOST, strict=True)
    batch_size: int = Field(default=128, ge=2, le=MOST, strict=True)
    schedule: Annotated[dict[str, Any], BeforeValidator(named)] = Field(default={"name": "constant"})
    initialization: str = "default"

    @field_validator("optimizer")
    @classmethod
    def _optimizer(cls, value: dict[str, Any]) -> dict[str, Any]:
        check_known("optimizer", value.get("name", ""), OPTIMIZERS)
        return {key: parse(item) for key, item in value.items()}

    @field_validator("schedule")
    @classmethod
    def _schedule(cls, value: dict[str, Any]) -> dict[str, Any]:
        build("schedule", Schedule, value)
        return value

    @field_validator("initialization")
    @classmethod
    def _initialization(cls, value: str) -> str:
        return check_known("initialization", value, INITIALIZATIONS)


class Confirm(Strict):
    """How many fresh seeds each cell's chosen setting is trained on, and whether at the baseline's learning rate too.

    Attributes:
        seeds: the same for every condition, and none of those that were tuned on.
        learning_rate: ``matched`` where all conditions are also trained at the baseline's learning rate.
        baseline: whose learning rate that is; without it, the one condition whose regularizer is ``none``.
    """

    seeds: int = Field(default=5, ge=1, le=MOST, strict=True)
    learning_rate: str | None = None
    baseline: str | None = None

    @field_validator("learning_rate")
    @classmethod
    def _learning_rate(cls, value: str | None) -> str | None:
        return value if value is None else check_known("learning_rate", value, ("matched",))

    @model_validator(mode="after")
    def _baseline_is_for_matching(self) -> Self:
        if self.baseline is not None and self.learning_rate is None:
            raise ValueError(
                f"baseline belongs to learning_rate: matched, got {self.baseline!r} alone; add it or leave both out"
            )
        return self


class Shared(Strict):
    """Nuisance hyperparameters, searched in every condition from the same draws.

    Attributes:
        learning_rate: before the schedule's factor.
        batch_size: images a step; without it that of the training.
    """

    learning_rate: Any
    batch_size: Any = None

    @field_validator("*")
    @classmethod
    def _domains(cls, value: Any) -> Any:
        return parse(value)


class Study(Strict):
    """A question: data set, architectures, conditions with their ranges, budget and seeds.

    Attributes:
        name: names the MLflow experiment and the results folder.
        description: one line, shown by ``python -m tuning list`` and the report.
        dataset: which images.
        architectures: which models.
        conditions: by name, each a regularizer with the ranges of its hyperparameters.
        shared: the nuisance hyperparameters' ranges.
        training: epochs, batch size, optimizer, schedule, initialization.
        search: algorithm, trials a cell, seed, early stopping, concurrency, starting points.
        confirm: seeds a cell, and the learning rates at which it is confirmed.
        ablate: the condition that is taken apart, and its factors.
        measure: when spectra are taken, and in which views.
        resources: what a trial reserves.
    """

    name: str
    description: str = ""
    dataset: DataSettings
    architectures: tuple[Architecture, ...]
    conditions: dict[str, Condition]
    shared: Shared
    training: TrainingPlan
    search: Search
    confirm: Confirm = Confirm()
    ablate: Ablate | None = None
    measure: Measure = Measure()
    resources: Resources = Resources()

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        return check_name("study", value)

    @field_validator("dataset", mode="before")
    @classmethod
    def _dataset(cls, value: Any) -> Any:
        return build("dataset", DataSettings, named(value)) if isinstance(value, str | dict) else value

    @field_validator("architectures", mode="before")
    @classmethod
    def _architectures(cls, value: Any) -> Any:
        if not isinstance(value, list | tuple) or not value:
            raise ValueError(f"one or more architectures are needed, got {value!r}; e.g. [mlp-small]")
        return tuple(_architecture(item) for item in value)

    @field_validator("conditions", mode="before")
    @classmethod
    def _conditions(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not value:
            raise ValueError(
                f"one or more conditions are needed, got {value!r}; e.g. {{baseline: {{regularizer: none}}}}"
            )
        return {check_name("condition", str(name)): read_condition(str(name), item) for name, item in value.items()}

    @field_validator("measure", mode="before")
    @classmethod
    def _measure(cls, value: Any) -> Any:
        return build("measure", Measure, value) if isinstance(value, dict) else value

    @field_validator("resources", mode="before")
    @classmethod
    def _resources(cls, value: Any) -> Any:
        return build("resources", Resources, value) if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _cells_are_sound(self) -> Self:
        names = [architecture.name for architecture in self.architectures]
        if len(set(names)) != len(names):
            raise ValueError(f"architectures must have different names, got {', '.join(names)}; rename one")
        stopping = self.search.early_stopping
        if stopping.name != "none" and stopping.grace_epochs > self.training.epochs:
            raise ValueError(
                f"early_stopping: grace_epochs must be at most the {self.training.epochs} epochs of a trial, "
                f"got {stopping.grace_epochs}; lower it"
            )
        for cell in self.cells:
            cell.check_domains()
        self.search.check_cells(self.cells)
        check_matched(self)
        check_ablation(self)
        return self

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """One cell an architecture and condition, in the order of the file."""
        return tuple(
            Cell(study=self, architecture=architecture, condition_name=name, condition=condition)
            for architecture in self.architectures
            for name, condition in self.conditions.items()
        )

    def as_data(self) -> dict[str, Any]:
        """Return the study as the plain data of a study file with nothing left to defaults.

        Two studies that ask the same give equal data, and reading the data gives a study that asks the same.
        """
        data = {name: plain(value) for name in type(self).model_fields if (value := getattr(self, name)) is not None}
        if self.confirm.learning_rate is not None:
            data["confirm"]["baseline"] = baseline(self)
        return data


def _architecture(value: Any) -> Architecture:
    if isinstance(value, Architecture):
        return value
    if isinstance(value, str):
        return ARCHITECTURES[check_known("architecture", value, ARCHITECTURES)]
    if isinstance(value, dict):
        architecture: Architecture = build("architecture", Architecture, value)
        check_name("architecture", architecture.name)
        return architecture
    raise ValueError(f"an architecture is a known name or a mapping, got {value!r}; e.g. mlp-small")
