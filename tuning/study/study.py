"""A study: a question as data, read from YAML into a frozen model that refuses what it does not understand."""

from functools import cached_property
from typing import Any, Self

from pydantic import field_validator, model_validator

import models
from models import ARCHITECTURES, Architecture, PlainArchitecture
from tuning.settings.build import build
from tuning.settings.names import check_known, check_name
from tuning.settings.space import plain
from tuning.study.ablation import Ablate, check_ablation
from tuning.study.cell import Cell
from tuning.study.condition import Condition, read_condition
from tuning.study.confirm import Confirm, baseline
from tuning.study.matched import check_matched
from tuning.study.searchable import check_searchable
from tuning.study.setup import Setup


class Study(Setup):
    """A question: data set, architectures, conditions with their ranges, budget and seeds.

    Beside what its cells share it says which cells there are, and what becomes of the settings that they choose.

    Attributes:
        description: one line, shown by ``python -m tuning list`` and the report.
        architectures: which models.
        conditions: by name, each a regularizer with the ranges of its hyperparameters.
        confirm: seeds a cell, and the learning rates at which it is confirmed.
        ablate: the condition that is taken apart, and its factors.
    """

    description: str = ""
    architectures: tuple[Architecture, ...]
    conditions: dict[str, Condition]
    confirm: Confirm = Confirm()
    ablate: Ablate | None = None

    @classmethod
    def known_keys(cls) -> tuple[str, ...]:
        """Return the keys of a study file in the order in which one is written."""
        what = ("name", "description", "dataset", "architectures", "conditions", "shared", "training", "search")
        return (*what, "confirm", "ablate", "measure", "resources")

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

    @model_validator(mode="after")
    def _cells_are_sound(self) -> Self:
        names = [architecture.name for architecture in self.architectures]
        if len(set(names)) != len(names):
            raise ValueError(f"architectures must have different names, got {', '.join(names)}; rename one")
        stopping = self.search.early_stopping
        if stopping.stops and stopping.grace_epochs > self.training.epochs:
            raise ValueError(
                f"early_stopping: grace_epochs must be at most the {self.training.epochs} epochs of a trial, "
                f"got {stopping.grace_epochs}; lower it"
            )
        for cell in self.cells:
            cell.check_domains()
        check_searchable(self.search, self.cells)
        check_matched(self.confirm, self.cells)
        check_ablation(self.ablate, self.cells)
        return self

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """One cell an architecture and condition, in the order of the file."""
        return tuple(
            Cell(setup=self, architecture=architecture, condition_name=name, condition=condition)
            for architecture in self.architectures
            for name, condition in self.conditions.items()
        )

    def as_data(self) -> dict[str, Any]:
        """Return the study as the plain data of a study file with nothing left to defaults.

        Two studies that ask the same give equal data, and reading the data gives a study that asks the same.
        """
        data = {name: plain(value) for name in self.known_keys() if (value := getattr(self, name)) is not None}
        if self.confirm.learning_rate is not None:
            data["confirm"]["baseline"] = baseline(self.confirm, self.conditions)
        return data


def _architecture(value: Any) -> Architecture:
    if isinstance(value, Architecture):
        return value
    if isinstance(value, str):
        return ARCHITECTURES[check_known("architecture", value, ARCHITECTURES)]
    if isinstance(value, dict):
        architecture = models.read(build("architecture", PlainArchitecture, value))
        check_name("architecture", architecture.name)
        return architecture
    raise ValueError(f"an architecture is a known name or a mapping, got {value!r}; e.g. mlp-small")
