"""From names and plain values to a frozen settings class, every mistake said by name."""

import math
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from tuning.nearest import nearest
from tuning.settings.names import check_known

_LISTS = (tuple, Sequence)


def build(what: str, settings: type, values: Mapping[str, Any]) -> Any:
    """Return ``settings(**values)`` with its unknown, missing and mistyped values refused by name.

    Args:
        what: the thing set, for the message.
        settings: a frozen dataclass of plain values that checks their domains itself.
        values: names and plain values; a list becomes a tuple, a whole number a float where one is asked for.

    Returns:
        An instance of the dataclass.

    Raises:
        ValueError: for an unknown or missing name, a value of another type, or one that the class refuses.
    """
    known = {field.name: field for field in fields(settings)}
    for name in values:
        if name not in known:
            takes = ", ".join(known) or "nothing"
            raise ValueError(f"{what} takes {takes}, got {name!r}{nearest(str(name), known)}")
    missing = [
        name
        for name, field in known.items()
        if field.default is MISSING and field.default_factory is MISSING and name not in values
    ]
    if missing:
        raise ValueError(f"{what} needs {', '.join(missing)}, got {', '.join(values) or 'nothing'}; add it")
    hints = get_type_hints(settings)
    return settings(**{name: _typed(f"{what}: {name}", value, hints[name]) for name, value in values.items()})


def build_named(what: str, table: Mapping[str, type], values: Mapping[str, Any]) -> Any:
    """Return ``table[values["name"]]`` built from the other values.

    Args:
        what: the thing set, for the message.
        table: study name to settings class.
        values: ``name`` and the settings' own values.

    Returns:
        An instance of the class that the name stands for.
    """
    name = check_known(what, values["name"], table)
    return build(f"{what} {name}", table[name], {key: value for key, value in values.items() if key != "name"})


def is_finite(value: Any) -> bool:
    """Return whether the value is a number that a float can hold: true, infinity and 10⁴⁰⁰ are not."""
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False


def _typed(what: str, value: Any, hint: Any) -> Any:
    """Return the value as the hint has it: a tuple for a list, a float for a whole number.

    Raises:
        ValueError: where the value is of another type.
    """
    if isinstance(value, list):
        value = tuple(value)
    options = get_args(hint) if isinstance(hint, types.UnionType) or get_origin(hint) is Union else (hint,)
    if not any(_fits(value, option) for option in options):
        raise ValueError(f"{what} must be {' or '.join(map(_spoken, options))}, got {value!r}")
    if isinstance(value, int) and not isinstance(value, bool) and float in options and int not in options:
        return float(value)
    return value


def _fits(value: Any, hint: Any) -> bool:
    if hint is type(None):
        return value is None
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) in _LISTS:
        return isinstance(value, tuple) and all(_fits(item, get_args(hint)[0]) for item in value)
    if isinstance(value, bool):
        return hint is bool
    return is_finite(value) if hint is float else isinstance(value, hint)


def _spoken(hint: Any) -> str:
    words = {int: "a whole number", float: "a finite number", bool: "true or false", str: "text", type(None): "nothing"}
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(str, get_args(hint)))
    if get_origin(hint) in _LISTS:
        return f"a list, each entry {_spoken(get_args(hint)[0])}"
    return words[hint]
