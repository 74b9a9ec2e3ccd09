"""The keys of a settings class, each with its type, its default and its sentence from the docstring."""

import dataclasses
import inspect
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import griffe
from pydantic import BaseModel


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key that a settings class takes.

    Attributes:
        name: as a study file writes it.
        annotation: its type.
        default: as a study file would write it; None where the key must be given, nothing where it may be left out.
        sentence: what it means, from the class's docstring.
    """

    name: str
    annotation: Any
    default: str | None
    sentence: str

    @property
    def row(self) -> str:
        """The key as a row of a table."""
        default = {None: "must be given", "": "–"}.get(self.default, f"`{self.default}`")
        return f"| `{self.name}` | {type_name(self.annotation)} | {default} | {cell(self.sentence)} |"


HEADER = "| key | type | default | meaning |\n|---|---|---|---|"


def keys(settings: type) -> Iterator[Key]:
    """Yield the keys of a class in the order of its fields.

    Args:
        settings: a dataclass or a pydantic model; its docstring and those of the classes above it have a section
            "Attributes".

    Raises:
        ValueError: a key has no sentence there.
    """
    sentences = told(settings)
    hints = typing.get_type_hints(settings)
    for name, default in _fields(settings):
        if name not in sentences:
            raise ValueError(
                f"every key needs its sentence, got none for {name} of {settings.__module__}.{settings.__name__}; "
                "add it under Attributes in its docstring"
            )
        yield Key(name=name, annotation=hints[name], default=default, sentence=sentences[name])


def table(settings: type) -> str:
    """Return the keys of a class as a table in Markdown.

    Args:
        settings: as `keys` takes it.
    """
    return "\n".join([HEADER, *(key.row for key in keys(settings))])


def told(settings: type) -> dict[str, str]:
    """Return the sentences that a class and those above it have on their attributes.

    Args:
        settings: any class.
    """
    sentences: dict[str, str] = {}
    for kind in reversed(settings.__mro__):
        text = kind.__dict__.get("__doc__")
        if not text:
            continue
        for section in griffe.Docstring(inspect.cleandoc(text)).parse("google"):
            if section.kind is griffe.DocstringSectionKind.attributes:
                sentences |= {entry.name: " ".join(entry.description.split()) for entry in section.value}
    return sentences


def type_name(annotation: Any) -> str:
    """Return what people call a type.

    Args:
        annotation: as `typing.get_type_hints` gives it.
    """
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in {typing.Union, types.UnionType}:
        return " or ".join(type_name(kind) for kind in arguments if kind is not type(None))
    if origin in {tuple, list} or (origin is not None and origin.__name__ == "Sequence"):
        return f"list of {type_name(arguments[0])}" if arguments else "list"
    if origin is not None:
        return "mapping"
    words = {str: "text", int: "whole number", float: "number", bool: "true or false", Any: "constant or range"}
    return words.get(annotation, "mapping")


def cell(text: str) -> str:
    """Return a text as a cell of a table takes it.

    Args:
        text: of one line.
    """
    return text.replace("``", "`").replace("|", "\\|").replace("σ*", "σ\\*")


def _fields(settings: type) -> Iterator[tuple[str, str | None]]:
    """Yield name and written default of each field."""
    if issubclass(settings, BaseModel):
        for name, field in settings.model_fields.items():
            yield name, None if field.is_required() else _written(field.get_default(call_default_factory=True))
        return
    for attribute in dataclasses.fields(typing.cast("Any", settings)):
        if attribute.default is not dataclasses.MISSING:
            yield attribute.name, _written(attribute.default)
        elif attribute.default_factory is not dataclasses.MISSING:
            yield attribute.name, _written(attribute.default_factory())
        else:
            yield attribute.name, None


def _written(value: Any) -> str:
    """Return a value as a study file writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict) and set(value) == {"name"}:
        return str(value["name"])
    if isinstance(value, BaseModel) or dataclasses.is_dataclass(value):
        held = {name: item for name, item in vars(value).items() if item is not None}
        return "{" + ", ".join(f"{name}: {_written(item)}" for name, item in held.items()) + "}"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_written, value)) + "]"
    return str(value) if value != "" else '""'
