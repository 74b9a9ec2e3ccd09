"""A study: a question as data, read from YAML into a frozen model that refuses what it does not understand."""

from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from models import ARCHITECTURES, Architecture
from tuning.study.build import build
from tuning.study.cell import Cell, Condition, read_condition
from tuning.study.dataset import DataSettings
from tuning.study.names import check_known, check_name, nearest
from tuning.study.optimizers import OPTIMIZERS
from tuning.study.space import parse, plain
from tuning.study.training import INITIALIZATIONS, Measure, Resources, Schedule

MOST = 1_000_000
"""Above it a count is a slip of the hand."""


class _Strict(BaseModel):
    """Frozen, and every key that it does not know is refused with the nearest one that it does."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys_only(cls, data: Any) -> Any:
        if isinstance(data, dict):
            for key in data:
                if key not in cls.model_fields:
                    known = list(cls.model_fields)
                    raise ValueError(f"known keys are {', '.join(known)}, got {key!r}{nearest(str(key), known)}")
        return data


def _named(value: Any) -> Any:
    """Return ``{"name": value}`` for a bare name, so that ``digits`` and ``{name: digits}`` mean the same."""
    return {"name": value} if isinstance(value, str) else value


class TrainingPlan(_Strict):
    """The part of the training that all conditions share unless they say otherwise."""

    optimizer: Annotated[dict[str, Any], BeforeValidator(_named)] = {"name": "adam"}
    epochs: int = Field(ge=1, le=MOST, strict=True)
    batch_size: int = Field(default=128, ge=2, le=MOST, strict=True)
    schedule: Annotated[dict[str, Any], BeforeValidator(_named)] = {"name": "constant"}
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


class EarlyStopping(_Strict):
    """Asynchronous successive halving inside a cell (Li et al. 2020), or none."""

    name: str = "asha"
    grace_epochs: int = Field(default=1, ge=1, le=MOST, strict=True)
    reduction: float = Field(default=3, gt=1, le=MOST)

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        return check_known("early_stopping", value, ("asha", "none"))

    @model_validator(mode="after")
    def _none_takes_nothing(self) -> Self:
        kinds = type(self).model_fields
        # A study written out whole (`as_data`) has the defaults too.
        given = [name for name in ("grace_epochs", "reduction") if getattr(self, name) != kinds[name].default]
        if self.name == "none" and given:
            raise ValueError(
                f"early_stopping none takes nothing else, got {', '.join(given)}; leave it out or choose asha"
            )
        return self


class Search(_Strict):
    """How settings are proposed, how many, and how many at a time."""

    algorithm: str = "tpe"
    trials: int = Field(ge=1, le=MOST, strict=True)
    seed: int = Field(default=0, ge=0, lt=2**63, strict=True)
    concurrency: int | None = Field(default=None, ge=1, le=MOST, strict=True)
    early_stopping: Annotated[EarlyStopping, BeforeValidator(_named)] = EarlyStopping(name="none")

    @field_validator("algorithm")
    @classmethod
    def _algorithm(cls, value: str) -> str:
        return check_known("algorithm", value, ("tpe",))


class Confirm(_Strict):
    """How many fresh seeds each cell's chosen setting is trained on."""

    seeds: int = Field(default=5, ge=1, le=MOST, strict=True)


class Shared(_Strict):
    """Nuisance hyperparameters, searched in every condition from the same draws."""

    learning_rate: Any
    batch_size: Any = None

    @field_validator("*")
    @classmethod
    def _domains(cls, value: Any) -> Any:
        return parse(value)


class Study(_Strict):
    """A question: data set, architectures, conditions with their ranges, budget and seeds.

    Attributes:
        name: names the MLflow experiment and the results folder.
        description: one line, shown by ``python -m tuning list`` and the report.
        dataset: which images.
        architectures: which models.
        conditions: by name, each a regularizer with the ranges of its hyperparameters.
        shared: the nuisance hyperparameters' ranges.
        training: epochs, batch size, optimizer, schedule, initialization.
        search: algorithm, trials a cell, seed, early stopping, concurrency.
        confirm: seeds a cell.
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
    measure: Measure = Measure()
    resources: Resources = Resources()

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        return check_name("study", value)

    @field_validator("dataset", mode="before")
    @classmethod
    def _dataset(cls, value: Any) -> Any:
        return build("dataset", DataSettings, _named(value)) if isinstance(value, str | dict) else value

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
        if stopping.name == "asha" and stopping.grace_epochs > self.training.epochs:
            raise ValueError(
                f"early_stopping: grace_epochs must be at most the {self.training.epochs} epochs of a trial, "
                f"got {stopping.grace_epochs}; lower it"
            )
        for cell in self.cells:
            cell.check_domains()
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
        return {name: plain(getattr(self, name)) for name in type(self).model_fields}


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
