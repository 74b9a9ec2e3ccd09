"""A number as it is shown, which still knows the number."""

import math
from typing import Self

NOTHING = "—"
"""Stands where there is no number to report."""


class Written(str):
    """A text that stands for a number, so that tables of texts can be read on by programs.

    Args:
        text: as it is shown.
        value: the number in the unit that is shown; NaN where there is none.
        bounds: of its interval, NaN where there are too few values for one; None for a number of a kind that has none.

    Example:
        >>> half = Written("50.0 %", 50.0)
        >>> half == "50.0 %", half.value, half.bounds
        (True, 50.0, None)
    """

    value: float
    bounds: tuple[float, float] | None

    def __new__(cls, text: str, value: float, bounds: tuple[float, float] | None = None) -> Self:
        """Make the text, and keep its numbers beside it."""
        made = super().__new__(cls, text)
        made.value, made.bounds = value, bounds
        return made

    @property
    def numbers(self) -> tuple[str, ...]:
        """The number with every digit, and its bounds where it is of a kind that has some; empty where one is NaN."""
        return tuple("" if math.isnan(number) else repr(float(number)) for number in (self.value, *(self.bounds or ())))
