"""A condition: what a study compares, a regularizer with its ranges and whatever else of the training is its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tuning.settings.names import check_known
from tuning.settings.optimizers import OPTIMIZERS
from tuning.settings.regularizer import read, written
from tuning.settings.space import parse, plain
from tuning.settings.training import INITIALIZATIONS


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
