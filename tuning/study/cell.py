"""A cell: one architecture under one condition, with the space that is searched in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

from models import Architecture
from tuning.records import Phase
from tuning.settings.build import build, build_named
from tuning.settings.names import check_known
from tuning.settings.optimizers import OPTIMIZERS
from tuning.settings.regularizer import read, unflatten, written
from tuning.settings.seeds import derive_seed
from tuning.settings.space import Domain, parse, plain
from tuning.settings.training import INITIALIZATIONS, Schedule, Training
from tuning.settings.trial_settings import TrialSettings, to_flat
from tuning.study.draws import at_random, from_grid, from_sobol
from tuning.study.points import points_within

if TYPE_CHECKING:
    from tuning.study.study import Study

Values = dict[str, Any]
"""Searched values by flat name, ``{"training.learning_rate": 1e-3, "regularizer.strength": 1e-2}``."""


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A regularizer with the ranges of its hyperparameters and, where it is about them, more.

    Attributes:
        regularizer: its study name.
        hyperparameters: by flat name, ``strength`` or ``parts.1.bound``, a constant or a search domain.
        optimizer: name and settings, where the condition has its own.
        initialization: where the condition has its own.
        learning_rate: where the condition has its own constant or domain, as another optimizer needs.
    """

    regularizer: str
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    optimizer: Mapping[str, Any] | None = None
    initialization: str | None = None
    learning_rate: Any = None

    def as_data(self) -> dict[str, Any]:
        """Return the condition as a study file has it."""
        own = {"optimizer": self.optimizer, "initialization": self.initialization, "learning_rate": self.learning_rate}
        data: dict[str, Any] = plain({**written({"name": self.regularizer, **self.hyperparameters}), **own})
        return data


def read_condition(name: str, value: Any) -> Condition:
    """Return the condition that a study file describes.

    Args:
        name: the condition's name, for messages.
        value: ``{regularizer: weight_decay, strength: {log_uniform: [1e-5, 0.1]}}``.

    Returns:
        The condition, its ranges parsed; `Cell.check_domains` tries them.

    Raises:
        ValueError: where something is unknown or missing.
    """
    if isinstance(value, Condition):
        return value
    if not isinstance(value, dict) or "regularizer" not in value:
        raise ValueError(f"condition {name} must name its regularizer, got {value!r}; e.g. {{regularizer: none}}")
    held = {key: item for key, item in value.items() if key not in {"optimizer", "initialization", "learning_rate"}}
    try:
        hyperparameters = read(held)
        initialization = value.get("initialization")
        if initialization is not None:
            check_known("initialization", initialization, INITIALIZATIONS)
        optimizer = value.get("optimizer")
        if optimizer is not None:
            if not isinstance(optimizer, str | dict):
                raise ValueError(f"optimizer must be a name or a mapping, got {optimizer!r}; e.g. adam")
            optimizer = {"name": optimizer} if isinstance(optimizer, str) else dict(optimizer)
            check_known("optimizer", optimizer.get("name", ""), OPTIMIZERS)
            optimizer = {key: parse(item) for key, item in optimizer.items()}
        learning_rate = parse(value.get("learning_rate"))
    except ValueError as error:
        raise ValueError(f"condition {name}: {error}") from error
    return Condition(
        regularizer=hyperparameters.pop("name"),
        hyperparameters=hyperparameters,
        optimizer=optimizer,
        initialization=initialization,
        learning_rate=learning_rate,
    )


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One architecture under one condition.

    Attributes:
        study: the study that it is a cell of.
        architecture: the model.
        condition_name: the condition's name in the study file.
        condition: what holds the weights, and its ranges.
    """

    study: "Study"
    architecture: Architecture
    condition_name: str
    condition: Condition

    @property
    def key(self) -> str:
        """``architecture/condition``."""
        return f"{self.architecture.name}/{self.condition_name}"

    @property
    def space(self) -> dict[str, Domain]:
        """The searched hyperparameters by flat name; empty where the study fixes everything."""
        return {name: value for name, value in self.values.items() if isinstance(value, Domain)}

    @property
    def shared_names(self) -> list[str]:
        """The names that the study searches in every condition: learning rate, batch size, the optimizer's numbers."""
        study = self.study
        optimizer = sorted(name for name, value in study.training.optimizer.items() if isinstance(value, Domain))
        batch_size = ["training.batch_size"] if isinstance(study.shared.batch_size, Domain) else []
        return ["training.learning_rate", *batch_size, *(f"optimizer.{name}" for name in optimizer)]

    def draw(self, index: int) -> Values:
        """Return the index-th point of the space as far as it is known beforehand.

        It is a starting point where the study gives one, filled up from the table of draws: a Sobol' sequence, a grid,
        or independent draws, which the first trials of Optuna's samplers take too.
        """
        search = self.study.search
        match search.algorithm:
            case "sobol":
                drawn = from_sobol(self.space, self.shared_names, search.seed, index)
            case "grid":
                drawn = from_grid(self.space, index)
            case _:
                drawn = at_random(self.space, search.seed, index)
        given = self.starting_points
        return drawn | given[index] if index < len(given) else drawn

    @property
    def starting_points(self) -> list[Values]:
        """The points that the study gives for this cell, each with all or some of the names of `space`."""
        return points_within(self.study.search.points, self.condition_name, self.space)

    def settings(self, phase: Phase, index: int, values: Mapping[str, Any]) -> TrialSettings:
        """Return the complete settings of one trial.

        Args:
            phase: ``tune`` or ``confirm``; what else is confirmed is the latter's with something changed in it.
            index: the trial's number in this cell and phase; its seed is derived from phase and index alone, so that
                the trials of one index are paired across cells.
            values: a value for each name of `space`.

        Returns:
            Settings that `tuning.trial.train` takes.
        """
        assert phase in {Phase.TUNE, Phase.CONFIRM}, f"settings are made to be tuned or confirmed, got {phase}"
        assert set(values) == set(self.space), f"{self.key} searches {list(self.space)}, got {list(values)}"
        study, plan = self.study, self.study.training
        groups: dict[str, dict[str, Any]] = {"training": {}, "regularizer": {}, "optimizer": {}}
        for name, value in {**self.values, **values}.items():
            group, key = name.split(".", 1)
            groups[group][key] = value
        base = study.search.seed
        split_names = (Phase.TUNE, "split") if phase is Phase.TUNE else (phase, index, "split")
        return TrialSettings(
            study=study.name,
            phase=phase,
            condition=self.condition_name,
            index=index,
            seed=derive_seed(base, phase, index),
            split_seed=derive_seed(base, *split_names),
            dataset=study.dataset,
            architecture=self.architecture,
            regularizer=unflatten(groups["regularizer"]),
            optimizer=build_named("optimizer", OPTIMIZERS, groups["optimizer"]),
            schedule=build("schedule", Schedule, plan.schedule),
            training=build("training", Training, {**groups["training"], "epochs": plan.epochs}),
            measure=study.measure,
            resources=study.resources,
        )

    def chosen(self, settings: TrialSettings) -> Values:
        """Return the searched values of one of the cell's trials.

        Args:
            settings: of a trial of the tune phase.
        """
        flat = to_flat(settings)
        return {name: flat[name] for name in self.space}

    def extremes(self) -> list[Values]:
        """Return the points of the space at which a setting that cannot be had shows.

        They are its centre, every end of every range, and every corner of those ranges that a regularizer's promise
        can rest on together.
        """
        centre = {name: domain.at(0.5) for name, domain in self.space.items()}
        points = [centre] + [
            {**centre, name: value} for name, domain in self.space.items() for value in domain.extremes()
        ]
        promised = ("training.learning_rate", "regularizer.", "optimizer.")
        joined = [name for name in self.space if name.startswith(promised)]
        corners = product(*(self.space[name].extremes() for name in joined))
        return points + [{**centre, **dict(zip(joined, corner, strict=True))} for corner in corners]

    def check_domains(self) -> None:
        """Try the extremes of the space.

        Raises:
            ValueError: where one is outside what its hyperparameter may be.
        """
        for point in self.extremes():
            try:
                self.settings(Phase.TUNE, 0, point)
            except ValueError as error:
                raise ValueError(f"condition {self.condition_name}: {error}") from error

    @property
    def values(self) -> dict[str, Any]:
        """Every constant and domain of the cell by flat name."""
        study, condition = self.study, self.condition
        own_rate = condition.learning_rate
        batch_size = study.shared.batch_size
        values = {
            "training.learning_rate": study.shared.learning_rate if own_rate is None else own_rate,
            "training.batch_size": study.training.batch_size if batch_size is None else batch_size,
            "training.initialization": condition.initialization or study.training.initialization,
            "regularizer.name": condition.regularizer,
        }
        values |= {f"regularizer.{name}": value for name, value in condition.hyperparameters.items()}
        return values | {
            f"optimizer.{name}": value for name, value in (condition.optimizer or study.training.optimizer).items()
        }
