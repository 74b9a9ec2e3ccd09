"""Search domains: what a hyperparameter may be, as data that any sampler can be built from."""

import math
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tuning.nearest import nearest
from tuning.settings.build import is_finite

Scalar = bool | int | float | str | None


def _check_bounds(rule: str, low: float, high: float) -> None:
    if low == high:
        raise ValueError(
            f"{rule}: low < high must hold, got one value, [{low:g}, {high:g}]; write the constant, {low:g}"
        )
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"{rule}: low < high must hold, got [{low:g}, {high:g}]; write the smaller bound first")


@dataclass(frozen=True)
class Uniform:
    """The reals of [low, high], equally likely."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _check_bounds("uniform", self.low, self.high)

    def at(self, fraction: float) -> float:
        """Return the value below which the given fraction of draws lies, fraction in [0, 1)."""
        return self.low + fraction * (self.high - self.low)

    def extremes(self) -> tuple[float, float]:
        """Return the values to check against a hyperparameter's own domain."""
        return self.low, self.high


@dataclass(frozen=True)
class LogUniform:
    """The positive reals of [low, high], whose logarithms are equally likely."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _check_bounds("log_uniform", self.low, self.high)
        if self.low <= 0:
            raise ValueError(f"log_uniform: both bounds must be > 0, got [{self.low:g}, {self.high:g}]; use uniform")

    def at(self, fraction: float) -> float:
        """Return the value below which the given fraction of draws lies, fraction in [0, 1)."""
        return math.exp(math.log(self.low) + fraction * (math.log(self.high) - math.log(self.low)))

    def extremes(self) -> tuple[float, float]:
        """Return the values to check against a hyperparameter's own domain."""
        return self.low, self.high


@dataclass(frozen=True)
class IntUniform:
    """The whole numbers low, low + 1, …, high, equally likely."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if not (isinstance(self.low, int) and isinstance(self.high, int)):
            raise ValueError(f"int_uniform: both bounds must be whole numbers, got [{self.low}, {self.high}]")
        _check_bounds("int_uniform", self.low, self.high)

    def at(self, fraction: float) -> int:
        """Return the value below which the given fraction of draws lies, fraction in [0, 1)."""
        return self.low + int(fraction * (self.high - self.low + 1))

    def extremes(self) -> tuple[int, int]:
        """Return the values to check against a hyperparameter's own domain."""
        return self.low, self.high


@dataclass(frozen=True)
class Choice:
    """One of the values listed, equally likely."""

    values: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        if not self.values or len(set(self.values)) != len(self.values):
            raise ValueError(f"choice: one or more different values are needed, got {list(self.values)}")

    def at(self, fraction: float) -> Scalar:
        """Return the value below which the given fraction of draws lies, fraction in [0, 1)."""
        return self.values[int(fraction * len(self.values))]

    def extremes(self) -> tuple[Scalar, ...]:
        """Return the values to check against a hyperparameter's own domain."""
        return self.values


Domain = Uniform | LogUniform | IntUniform | Choice

KINDS: dict[str, type[Uniform | LogUniform | IntUniform]] = {
    "uniform": Uniform,
    "log_uniform": LogUniform,
    "int_uniform": IntUniform,
}


def parse(value: Any) -> Any:
    """Return the domain that ``{log_uniform: [low, high]}`` and its kin describe; any other value unchanged.

    Args:
        value: what a study file holds for a hyperparameter.

    Returns:
        A `Domain` for a mapping, a tuple for a list, the scalar itself otherwise.

    Raises:
        ValueError: for an unknown kind of domain, or bounds that are not two numbers.
    """
    if isinstance(value, Domain):
        return value
    if isinstance(value, list):
        return tuple(value)
    if not isinstance(value, dict):
        return value
    known = [*KINDS, "choice"]
    if len(value) != 1 or next(iter(value)) not in known:
        got = ", ".join(map(str, value)) or "nothing"
        hint = nearest(str(next(iter(value), "")), known)
        raise ValueError(
            f"a search range is one of {', '.join(known)}, got {got}{hint}; e.g. {{log_uniform: [1e-5, 0.1]}}"
        )
    kind, arguments = next(iter(value.items()))
    if kind == "choice":
        if not isinstance(arguments, list) or not all(isinstance(argument, Scalar) for argument in arguments):
            raise ValueError(f"choice: a list of plain values is needed, got {arguments!r}; e.g. {{choice: [64, 128]}}")
        return Choice(tuple(arguments))
    if not isinstance(arguments, list) or len(arguments) != 2 or not all(map(is_finite, arguments)):
        raise ValueError(f"{kind}: two finite numbers [low, high] are needed, got {reprlib.repr(arguments)}")
    return KINDS[kind](*arguments)


def plain(value: Any) -> Any:
    """Return what a study file would hold for a value: the inverse of `parse`, through all that holds values.

    Args:
        value: a domain, a settings object, a mapping, a tuple or a scalar.

    Returns:
        Mappings, lists and scalars; an entry that is None is left out.
    """
    if isinstance(value, Choice):
        return {"choice": list(value.values)}
    for kind, domain in KINDS.items():
        if isinstance(value, domain):
            return {kind: [value.low, value.high]}
    if hasattr(value, "as_data"):
        return value.as_data()
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    fields = value if isinstance(value, Mapping) else getattr(value, "__dict__", None)
    if fields is None:
        return value
    return {name: plain(item) for name, item in fields.items() if item is not None}
