"""Starting points: settings that a study asks to be tried first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tuning.records import short_name
from tuning.settings.space import Choice, Domain, IntUniform, Scalar

CONDITION = "condition"


@dataclass(frozen=True, kw_only=True)
class Point:
    """Values that are given beforehand for some hyperparameters, or for all.

    Attributes:
        number: its place in the study file, for messages.
        values: by short or flat name, ``{"learning_rate": 1e-3, "regularizer.strength": 1e-4}``.
        condition: the only one it is meant for; None for every one that searches all of its names.
    """

    number: int
    values: Mapping[str, Scalar]
    condition: str | None = None

    def as_data(self) -> dict[str, Any]:
        """Return the point as a study file has it."""
        return {**({} if self.condition is None else {CONDITION: self.condition}), **self.values}


def read_point(number: int, value: Any) -> Point:
    """Return the starting point that a study file describes.

    Args:
        number: its place in the file.
        value: ``{learning_rate: 1.0e-3, strength: 1.0e-4}``, with ``condition: decay`` for that one alone.

    Raises:
        ValueError: where it is no mapping of names to plain values.
    """
    if isinstance(value, Point):
        return value
    example = "e.g. {learning_rate: 1.0e-3}"
    if not isinstance(value, dict) or not set(value) - {CONDITION}:
        raise ValueError(f"points.{number} must map hyperparameters to values, got {value!r}; {example}")
    for name, item in value.items():
        if not isinstance(item, Scalar):
            raise ValueError(f"points.{number}: {name} must be one plain value, got {item!r}; {example}")
    values = {name: item for name, item in value.items() if name != CONDITION}
    return Point(number=number, values=values, condition=value.get(CONDITION))


def values_within(point: Point, space: Mapping[str, Domain]) -> dict[str, Scalar] | None:
    """Return a point's values by flat name.

    Args:
        point: the study's.
        space: of a cell.

    Returns:
        The values, or None where the space has not all of the point's names.

    Raises:
        ValueError: for a value out of its range, or a short name that means two hyperparameters.
    """
    found: dict[str, Scalar] = {}
    for given, value in point.values.items():
        meant = [name for name in space if given in {name, short_name(name)}]
        if not meant:
            return None
        if len(meant) > 1:
            raise ValueError(
                f"points.{point.number}: a name must mean one hyperparameter, got {given!r}, which means "
                f"{' and '.join(meant)}; write the whole name"
            )
        found[meant[0]] = _inside(f"points.{point.number}: {given}", space[meant[0]], value)
    return found


def points_within(points: Sequence[Point], condition: str, space: Mapping[str, Domain]) -> list[dict[str, Scalar]]:
    """Return the starting points of one cell, in the order of the file.

    Args:
        points: the study's.
        condition: the cell's.
        space: the cell's.

    Returns:
        For each point that is meant for the cell, its values by flat name.
    """
    meant = [values_within(point, space) for point in points if point.condition in {None, condition}]
    return [values for values in meant if values is not None]


def _inside(what: str, domain: Domain, value: Any) -> Any:
    """Return the value as a draw from the domain would have been.

    Raises:
        ValueError: where no draw could have been it.
    """
    if isinstance(domain, Choice):
        same = [
            choice
            for choice in domain.values
            if choice == value and isinstance(choice, bool) == isinstance(value, bool)
        ]
        if not same:
            raise ValueError(
                f"{what} must be one of {', '.join(map(str, domain.values))}, got {value!r}; or add it there"
            )
        return same[0]
    whole = isinstance(domain, IntUniform)
    number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    if not number or not domain.low <= value <= domain.high:
        kind, bounds = "whole number" if whole else "number", f"[{domain.low:g}, {domain.high:g}]"
        raise ValueError(
            f"{what} must be a {kind} in the searched {bounds}, got {value!r}; move it inside, widen the range, or "
            "name the condition that the point is meant for"
        )
    return value if whole else float(value)
