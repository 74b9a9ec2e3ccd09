"""A cell: one architecture under one condition, with the space that is searched in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from models import Architecture
from tuning.records import Phase
from tuning.settings.build import build, build_named
from tuning.settings.optimizers import OPTIMIZERS
from tuning.settings.regularizer import unflatten
from tuning.settings.seeds import derive_seed
from tuning.settings.space import Domain
from tuning.settings.training import Schedule, Training
from tuning.settings.trial_settings import TrialSettings, to_flat
from tuning.study.condition import Condition
from tuning.study.draws import at_random, from_grid, from_sobol
from tuning.study.points import points_within
from tuning.study.setup import Setup

Values = dict[str, Any]
"""Searched values by flat name, ``{"training.learning_rate": 1e-3, "regularizer.strength": 1e-2}``."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One architecture under one condition.

    Attributes:
        setup: what it shares with all cells of its study.
        architecture: the model.
        condition_name: the condition's name in the study file.
        condition: what holds the weights, and its ranges.
    """

    setup: Setup
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
        setup = self.setup
        optimizer = sorted(name for name, value in setup.training.optimizer.items() if isinstance(value, Domain))
        batch_size = ["training.batch_size"] if isinstance(setup.shared.batch_size, Domain) else []
        return ["training.learning_rate", *batch_size, *(f"optimizer.{name}" for name in optimizer)]

    def draw(self, index: int) -> Values:
        """Return the index-th point of the space as far as it is known beforehand.

        It is a starting point where the study gives one, filled up from the table of draws: a Sobol' sequence, a grid,
        or independent draws, which the first trials of Optuna's samplers take too.
        """
        search = self.setup.search
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
        return points_within(self.setup.search.points, self.condition_name, self.space)

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
        setup, plan = self.setup, self.setup.training
        groups: dict[str, dict[str, Any]] = {"training": {}, "regularizer": {}, "optimizer": {}}
        for name, value in {**self.values, **values}.items():
            group, key = name.split(".", 1)
            groups[group][key] = value
        base = setup.search.seed
        split_names = (Phase.TUNE, "split") if phase is Phase.TUNE else (phase, index, "split")
        return TrialSettings(
            study=setup.name,
            phase=phase,
            condition=self.condition_name,
            index=index,
            seed=derive_seed(base, phase, index),
            split_seed=derive_seed(base, *split_names),
            dataset=setup.dataset,
            architecture=self.architecture,
            regularizer=unflatten(groups["regularizer"]),
            optimizer=build_named("optimizer", OPTIMIZERS, groups["optimizer"]),
            schedule=build("schedule", Schedule, plan.schedule),
            training=build("training", Training, {**groups["training"], "epochs": plan.epochs}),
            measure=setup.measure,
            resources=setup.resources,
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
        setup, condition = self.setup, self.condition
        own_rate = condition.learning_rate
        batch_size = setup.shared.batch_size
        values = {
            "training.learning_rate": setup.shared.learning_rate if own_rate is None else own_rate,
            "training.batch_size": setup.training.batch_size if batch_size is None else batch_size,
            "training.initialization": condition.initialization or setup.training.initialization,
            "regularizer.name": condition.regularizer,
        }
        values |= {f"regularizer.{name}": value for name, value in condition.hyperparameters.items()}
        return values | {
            f"optimizer.{name}": value for name, value in (condition.optimizer or setup.training.optimizer).items()
        }
