"""What the tables of the code hold: every regularizer and optimizer with its docstring, every measure's definition."""

import dataclasses
from collections.abc import Mapping

from docs.generate.keys import cell, table
from regularizers import REGULARIZERS
from regularizers.measure.definitions import ECONOMY, MOVEMENT, WEIGHT_WATCHER
from tuning.settings.optimizers import OPTIMIZERS

_SHOWN = """::: {path}
    options:
      show_root_heading: false
      show_root_toc_entry: false
      show_docstring_attributes: false
      heading_level: 3
"""


def regularizers() -> str:
    """Return the table of regularizers, and each one's mathematics and hyperparameters."""
    return _settings(REGULARIZERS)


def optimizers() -> str:
    """Return the table of optimizers, and each one's rule and numbers."""
    return _settings(OPTIMIZERS)


def measures() -> str:
    """Return what each measure of a weight means."""
    groups = {
        "Every bundle": ("both the flat and the circular view", ECONOMY),
        "From `standard` on": ("the flat view, by the names of WeightWatcher", WEIGHT_WATCHER),
        "From `standard` on, of two looks at a training": ("the flat view", MOVEMENT),
    }
    parts = []
    for heading, (where, definitions) in groups.items():
        rows = [f"| `{name}` | {cell(meaning)} |" for name, meaning in definitions.items()]
        parts += [f"## {heading}", f"In {where}.", "\n".join(["| measure | definition |", "|---|---|", *rows])]
    return "\n\n".join(parts)


def _settings(known: Mapping[str, type]) -> str:
    """Return a table of names, then a section for each class; several names may be one class's."""
    names: dict[type, list[str]] = {}
    for name, settings in known.items():
        names.setdefault(settings, []).append(name)
    rows, parts = [], []
    for settings, called in names.items():
        path = f"{settings.__module__}.{settings.__name__}"
        told = ", ".join(f"`{name}`" for name in called)
        rows.append(f"| [{told}](#{called[0]}) | {cell(_first_sentence(settings))} |")
        heading = f"## {told} {{#{called[0]}}}"
        parts += [heading, _SHOWN.format(path=path)]
        parts += [table(settings) if dataclasses.fields(settings) else "It has no numbers."]
    return "\n\n".join(["\n".join(["| name | what it does |", "|---|---|", *rows]), *parts])


def _first_sentence(settings: type) -> str:
    return " ".join((settings.__doc__ or "").split("\n\n")[0].split())
