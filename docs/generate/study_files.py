"""Study files key by key: the class of a study, and every class that its keys are read into."""

import dataclasses
import typing
from collections.abc import Iterator
from typing import Any

from docs.generate.keys import HEADER, cell, keys, table
from pydantic import BaseModel

from tuning.settings.training import Schedule
from tuning.study import Condition, Study

UNSEEN: dict[str, type] = {"training.schedule": Schedule}
"""Keys whose type says mapping and not which class checks it."""

ELSEWHERE = {
    "training.optimizer": "[Optimizers](optimizers.md) has the numbers of each.",
    "conditions": "[Regularizers](regularizers.md) has the hyperparameters of each.",
}
"""Keys that are continued on another page."""


def study_files() -> str:
    """Return every section of a study file, each with a table of its keys."""
    parts = []
    for path, settings in sections(Study, ""):
        heading = f"## `{path}`" if path else "## The file"
        body = _condition() if settings is Condition else table(settings)
        parts += [heading, _summary(settings), body, *([ELSEWHERE[path]] if path in ELSEWHERE else [])]
        parts += [text for key, text in ELSEWHERE.items() if path and key.rpartition(".")[0] == path]
    return "\n\n".join(parts)


def sections(settings: type, path: str) -> Iterator[tuple[str, type]]:
    """Yield a class and, below it, each class that a key of it is read into, with the way there.

    Args:
        settings: a dataclass or pydantic model.
        path: its key in the file; empty for the file itself.
    """
    yield path, settings
    for name, annotation in typing.get_type_hints(settings).items():
        here = f"{path}.{name}" if path else name
        found = UNSEEN.get(here) or next(_classes(annotation), None)
        if found is not None and settings is not Condition:
            yield from sections(found, here)


def _classes(annotation: Any) -> Iterator[type]:
    """Yield the settings classes inside a type."""
    if isinstance(annotation, type) and not typing.get_args(annotation):
        if dataclasses.is_dataclass(annotation) or issubclass(annotation, BaseModel):
            yield annotation
        return
    for each in typing.get_args(annotation):
        yield from _classes(each)


def _condition() -> str:
    """Return the keys of a condition: hyperparameters stand in it under their own names."""
    rows = [
        f"| `NAME` of a hyperparameter | constant or range | that of the regularizer | {cell(key.sentence)} |"
        if key.name == "hyperparameters"
        else key.row
        for key in keys(Condition)
    ]
    return "\n".join([HEADER, *rows])


def _summary(settings: type) -> str:
    return (settings.__doc__ or "").split("\n\n")[0].replace("``", "`")
