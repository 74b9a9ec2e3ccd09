"""From what a study file says of a regularizer to flat names, to its settings, and back.

One regularizer has parts that are regularizers themselves: ``combined``. A study file lists them::

    {regularizer: combined, parts: [{regularizer: weight_decay, strength: 0.01}, {regularizer: none}]}

The flat form numbers them: ``{"name": "combined", "parts.0.name": "weight_decay", "parts.0.strength": 0.01, …}``.
Everywhere between, in ranges, draws, proposals and stored parameters, there are flat names alone.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from regularizers import REGULARIZERS, RegularizerSettings, name_of
from regularizers.methods.combined import Combined
from tuning.nearest import nearest
from tuning.settings.build import build_named
from tuning.settings.names import check_known
from tuning.settings.space import Domain, parse

Flat = dict[str, Any]


def flatten(settings: RegularizerSettings) -> Flat:
    """Return the settings under flat names.

    Args:
        settings: of any regularizer of the table.

    Returns:
        Scalars and lists; ``name`` comes first. `unflatten` turns them back into equal settings.
    """
    flat: Flat = {"name": name_of(settings)}
    for field in fields(settings):
        value = getattr(settings, field.name)
        if isinstance(settings, Combined) and field.name == "parts":
            for index, part in enumerate(settings.parts):
                flat |= {f"parts.{index}.{name}": item for name, item in flatten(part).items()}
        else:
            flat[field.name] = list(value) if isinstance(value, tuple) else value
    return flat


def unflatten(flat: Mapping[str, Any]) -> RegularizerSettings:
    """Return the settings that flat names and plain values describe.

    Args:
        flat: what `flatten` gave, or a condition's values with one drawn for each range.

    Returns:
        The settings.
    """
    own, parts = _apart(flat)
    if parts:
        own["parts"] = tuple(_part(index, part) for index, part in enumerate(parts))
    settings: RegularizerSettings = build_named("regularizer", REGULARIZERS, own)
    return settings


def read(given: Mapping[str, Any]) -> Flat:
    """Return what a study file says of a regularizer under flat names, its ranges parsed.

    Args:
        given: ``{"regularizer": "weight_decay", "strength": {"log_uniform": [1e-5, 0.1]}}``.

    Returns:
        ``{"name": "weight_decay", "strength": LogUniform(1e-5, 0.1)}``.

    Raises:
        ValueError: for an unknown regularizer or hyperparameter, a range that is none, or parts that are none.
    """
    name = check_known("regularizer", given["regularizer"], REGULARIZERS)
    values = {str(key): value for key, value in given.items() if key != "regularizer"}
    _check_hyperparameters(name, values)
    flat: Flat = {"name": name}
    for key, value in values.items():
        if REGULARIZERS[name] is Combined and key == "parts":
            flat |= _read_parts(value)
        else:
            flat[key] = parse(value)
    return flat


def written(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a study file would say: the inverse of `read`, but for the ranges, which stay domains.

    Args:
        flat: flat names, with values or domains.

    Returns:
        ``{"regularizer": …}`` and the hyperparameters, the parts listed.
    """
    own, parts = _apart(flat)
    said = {"regularizer": own.pop("name"), **own}
    return said | ({"parts": [written(part) for part in parts]} if parts else {})


def _read_parts(value: Any) -> Flat:
    """Return the parts of a combination under flat names.

    Raises:
        ValueError: where the value is no list of regularizers, with the number of the part that is none.
    """
    if isinstance(value, Domain) or not isinstance(value, list | tuple) or not value:
        raise ValueError(
            f"regularizer combined needs a list of one or more parts, got {value!r}; "
            "e.g. parts: [{regularizer: weight_decay, strength: 0.01}]"
        )
    flat: Flat = {}
    for index, part in enumerate(value):
        if not isinstance(part, dict) or "regularizer" not in part:
            raise ValueError(f"parts.{index} must name its regularizer, got {part!r}; e.g. {{regularizer: none}}")
        known = [name for name, kind in REGULARIZERS.items() if kind is not Combined]
        try:
            check_known("a part's regularizer", part["regularizer"], known)
            flat |= {f"parts.{index}.{name}": item for name, item in read(part).items()}
        except ValueError as error:
            raise ValueError(f"parts.{index}: {error}") from error
    return flat


def _part(index: int, flat: Mapping[str, Any]) -> RegularizerSettings:
    """Return a part's settings.

    Raises:
        ValueError: what is wrong with them, after the number of the part.
    """
    try:
        return unflatten(flat)
    except ValueError as error:
        raise ValueError(f"parts.{index} ({flat['name']}): {error}") from error


def _apart(flat: Mapping[str, Any]) -> tuple[Flat, list[Flat]]:
    """Return a regularizer's own values, and those of each of its parts, in their order."""
    own = {name: value for name, value in flat.items() if not name.startswith("parts.")}
    parts: dict[int, Flat] = {}
    for name, value in flat.items():
        if name not in own:
            _, index, rest = name.split(".", 2)
            parts.setdefault(int(index), {})[rest] = value
    return own, [parts[index] for index in sorted(parts)]


def _check_hyperparameters(regularizer: str, given: Mapping[str, Any]) -> None:
    known = [field.name for field in fields(REGULARIZERS[regularizer])]
    condition_keys = ["regularizer", "optimizer", "initialization", "learning_rate"]
    for name in given:
        if name not in known:
            raise ValueError(
                f"regularizer {regularizer} takes {', '.join(known) or 'no hyperparameters'}, "
                f"got {name!r}{nearest(name, known + condition_keys)}"
            )
