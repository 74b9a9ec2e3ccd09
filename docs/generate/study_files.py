"""Study files key by key: the class of a study, and every class that its keys are read into."""

import dataclasses
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from docs.generate.keys import HEADER, cell, keys
from models import ARCHITECTURES, FAMILIES, PlainArchitecture
from models.table import CLASSES
from regularizers import REGULARIZERS
from regularizers.linalg.linear_map import VIEWS
from regularizers.measure import BUNDLES
from tuning.records import ALGORITHMS
from tuning.settings.dataset import DATASETS
from tuning.settings.optimizers import OPTIMIZERS
from tuning.settings.training import INITIALIZATIONS, SCHEDULES, Schedule
from tuning.study import Condition, Study

UNSEEN: dict[str, type] = {"architectures": PlainArchitecture, "training.schedule": Schedule}
"""Keys whose type does not say what a file writes there."""

NAMES: Mapping[str, Iterable[str]] = {
    "architectures": ARCHITECTURES,
    "dataset": DATASETS,
    "dataset.name": DATASETS,
    "architectures.family": FAMILIES,
    "architectures.layout": [layout for _, layout in CLASSES if layout is not None],
    "conditions.regularizer": REGULARIZERS,
    "conditions.initialization": INITIALIZATIONS,
    "training.optimizer": OPTIMIZERS,
    "training.schedule": SCHEDULES,
    "training.schedule.name": SCHEDULES,
    "training.initialization": INITIALIZATIONS,
    "search.algorithm": ALGORITHMS,
    "measure.bundle": BUNDLES,
    "measure.views": VIEWS,
}
"""Keys that take one of the names of a table of the code, alone or in a mapping."""

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
        parts += [heading, _summary(settings), _table(settings, path)]
        parts += [text for key, text in ELSEWHERE.items() if path and path in {key, key.rpartition(".")[0]}]
    return "\n\n".join(parts)


def sections(settings: type, path: str) -> Iterator[tuple[str, type]]:
    """Yield a class and, below it, each class that a key of it is read into, with the way there.

    Args:
        settings: a dataclass or pydantic model.
        path: its key in the file; empty for the file itself.
    """
    yield path, settings
    hints = typing.get_type_hints(settings)
    for name in in_order(settings, hints):
        annotation = hints[name]
        here = f"{path}.{name}" if path else name
        found = UNSEEN.get(here) or next(_classes(annotation), None)
        if found is not None and settings is not Condition:
            yield from sections(found, here)


def in_order(settings: type, names: Iterable[str]) -> list[str]:
    """Return the keys of a class as a file is written: those of a study in its own order.

    Args:
        settings: the class.
        names: of its keys.
    """
    return list(settings.known_keys()) if issubclass(settings, Study) else list(names)


def _classes(annotation: Any) -> Iterator[type]:
    """Yield the settings classes inside a type."""
    if isinstance(annotation, type) and not typing.get_args(annotation):
        if dataclasses.is_dataclass(annotation) or issubclass(annotation, BaseModel):
            yield annotation
        return
    for argument in typing.get_args(annotation):
        yield from _classes(argument)


def _table(settings: type, path: str) -> str:
    """Return the keys of a section; the hyperparameters of a condition stand in it under their own names."""
    rows = []
    told = {key.name: key for key in keys(settings)}
    for key in map(told.__getitem__, in_order(settings, told)):
        if settings is Condition and key.name == "hyperparameters":
            meaning = cell(key.sentence)
            rows.append(f"| each by its own name | constant or range | that of the regularizer | {meaning} |")
            continue
        names = NAMES.get(f"{path}.{key.name}" if path else key.name)
        one_of = "" if names is None else f" Names: {', '.join(f'`{name}`' for name in names)}."
        rows.append(dataclasses.replace(key, sentence=key.sentence + one_of).row)
    return "\n".join([HEADER, *rows])


def _summary(settings: type) -> str:
    return (settings.__doc__ or "").split("\n\n")[0].replace("``", "`")
