"""What every routine here takes: arrays of floats, whose shape is checked before anything is computed."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

ROUNDING = 1e-9
"""Differences nearer than this share of their own size are equal: those of decimal accuracies carry roundings."""


def vector(name: str, values: Sequence[float] | FloatArray) -> FloatArray:
    """Return values as a vector of floats.

    Args:
        name: what the caller's argument is called.
        values: NaN counts as missing.

    Returns:
        Shape ``(values,)``.

    Raises:
        ValueError: if the values are no vector, or one of them is infinite.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name} must be a vector, got shape {array.shape}; hand over one value a run")
    return _finite(name, array)


def matrix(name: str, values: FloatArray, axes: str) -> FloatArray:
    """Return values as a matrix of floats.

    Args:
        name: what the caller's argument is called.
        values: NaN counts as missing.
        axes: what rows and columns are, ``"(seeds, architectures)"``.

    Returns:
        Two axes.

    Raises:
        ValueError: if the values are no matrix, or one of them is infinite.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2:
        raise ValueError(f"{name} must have shape {axes}, got {array.shape}; add the missing axis")
    return _finite(name, array)


def equally_long(**vectors: FloatArray) -> None:
    """Check that vectors whose places belong together have equally many.

    Args:
        **vectors: by the names of the caller's arguments.

    Raises:
        ValueError: if their lengths differ.
    """
    lengths = {name: len(values) for name, values in vectors.items()}
    if len(set(lengths.values())) > 1:
        names, got = " and ".join(lengths), " and ".join(map(str, lengths.values()))
        raise ValueError(f"{names} must be equally long, got {got}; give NaN where a value is missing")


def subtract(first: FloatArray, second: FloatArray) -> FloatArray:
    """Subtract pair by pair, 0 where the two differ by a rounding alone.

    Args:
        first: any shape.
        second: as ``first``.

    Returns:
        first − second; NaN where one of them is.

    Example:
        >>> subtract(np.array([0.1 + 0.2, 0.5]), np.array([0.3, 0.25])).tolist()
        [0.0, 0.25]
    """
    differences = first - second
    rounding = abs(differences) <= ROUNDING * np.maximum(abs(first), abs(second))
    return np.where(rounding, 0.0, differences)


def share(name: str, value: float, *, example: float) -> float:
    """Return a probability that is neither 0 nor 1.

    Args:
        name: what the caller's argument is called.
        value: the probability.
        example: what people usually choose.

    Returns:
        The value.

    Raises:
        ValueError: if the value is not between 0 and 1.
    """
    if not 0.0 < value < 1.0:
        raise ValueError(f"{name} must lie between 0 and 1, got {value}; choose e.g. {example}")
    return value


def _finite(name: str, array: FloatArray) -> FloatArray:
    if np.isinf(array).any():
        raise ValueError(f"{name} must be finite or NaN, got an infinity; give NaN where a run has no value")
    return array
