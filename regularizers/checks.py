"""What a user may write: names that are known, numbers of their domain, counts from 1 on."""

import difflib
import math
from collections.abc import Collection


def check_known(kind: str, name: object, known: Collection[str]) -> None:
    """Refuse a name that is not among the known ones.

    Args:
        kind: what is named, for the message: ``"role"``.
        name: what came.
        known: the names there are.

    Raises:
        ValueError: the name is unknown.

    Example:
        >>> check_known("role", "hiden", ("hidden", "head"))
        Traceback (most recent call last):
        ValueError: role must be one of hidden, head; got 'hiden'; did you mean 'hidden'?
    """
    if isinstance(name, str) and name in known:
        return
    near = difflib.get_close_matches(str(name), known, n=1)
    cure = f"did you mean {near[0]!r}?" if near else "choose one of these"
    raise ValueError(f"{kind} must be one of {', '.join(known)}; got {name!r}; {cure}")


def check_number(
    name: str,
    value: float,
    example: str,
    *,
    above: float = -math.inf,
    at_least: float = -math.inf,
    at_most: float = math.inf,
) -> None:
    """Refuse a hyperparameter that is not a finite number of its domain.

    Args:
        name: the hyperparameter's name, for the message.
        value: what came.
        example: a value that would do, for the message.
        above: the value must be greater than this.
        at_least: the value must not be less than this.
        at_most: the value must not be greater than this.

    Raises:
        ValueError: the value is no number, is not finite, or lies outside the domain.

    Example:
        >>> check_number("scale", -1.0, "1.0", above=0)
        Traceback (most recent call last):
        ValueError: scale must be a finite number > 0, got -1.0; choose e.g. 1.0
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and math.isfinite(value) and value > above and at_least <= value <= at_most:
        return
    domain = f" > {above:g}" if above > -math.inf else f" >= {at_least:g}" if at_least > -math.inf else ""
    domain += f" and <= {at_most:g}" if at_most < math.inf else ""
    raise ValueError(f"{name} must be a finite number{domain}, got {value!r}; choose e.g. {example}")


def check_count(name: str, value: int, example: str) -> None:
    """Refuse a hyperparameter that is not a positive whole number.

    Args:
        name: the hyperparameter's name, for the message.
        value: what came.
        example: a value that would do, for the message.

    Raises:
        ValueError: the value is no whole number of at least 1.

    Example:
        >>> check_count("power_iterations", 0, "1")
        Traceback (most recent call last):
        ValueError: power_iterations must be a whole number >= 1, got 0; choose e.g. 1
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} must be a whole number >= 1, got {value!r}; choose e.g. {example}")
