"""A stored study as plain data, and which of its settings are ranges."""

from collections.abc import Mapping
from typing import Any

StudyData = Mapping[str, Any]
"""A study as the plain data of its file with nothing left to defaults; empty where none was kept."""

RANGES = ("uniform", "log_uniform", "int_uniform", "choice")
"""The kinds of range that a setting can be searched in."""


def is_range(value: Any) -> bool:
    """Return whether a setting was searched: whether its value is a range, and no constant."""
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in RANGES
