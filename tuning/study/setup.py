"""What all cells of a study share: data, training, search, measurement, resources."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from tuning.settings.build import build
from tuning.settings.checks import MOST
from tuning.settings.dataset import DataSettings
from tuning.settings.names import check_known, check_name
from tuning.settings.optimizers import OPTIMIZERS
from tuning.settings.space import parse
from tuning.settings.training import INITIALIZATIONS, Measure, Resources, Schedule
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


class Setup(Strict):
    """The part of a study that is the same for each of its cells.

    Attributes:
        name: names the MLflow experiment and the results folder.
        dataset: which images.
        shared: the nuisance hyperparameters' ranges.
        training: epochs, batch size, optimizer, schedule, initialization.
        search: algorithm, trials a cell, seed, early stopping, concurrency, starting points.
        measure: when spectra are taken, and in which views.
        resources: what a trial reserves.
    """

    name: str
    dataset: DataSettings
    shared: Shared
    training: TrainingPlan
    search: Search
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

    @field_validator("measure", mode="before")
    @classmethod
    def _measure(cls, value: Any) -> Any:
        return build("measure", Measure, value) if isinstance(value, dict) else value

    @field_validator("resources", mode="before")
    @classmethod
    def _resources(cls, value: Any) -> Any:
        return build("resources", Resources, value) if isinstance(value, dict) else value
