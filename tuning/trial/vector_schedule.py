"""Which measured epochs keep whole vectors of singular values, so that a long trial's files stay small.

Measures are kept of every measured epoch; the vectors are what takes room. resnet-large on images of 32 × 32 has
millions of values in the circular view, and 200 epochs of them would be gigabytes.
"""

from collections.abc import Sequence

ROOM = 180_000_000
"""Bytes that a trial's vectors may take as stored; the rest of 200 MB is for the measures of every layer."""

BYTES_A_VALUE = 5
"""More than a value takes in ``spectra.parquet``: its 4 bytes uncompressed, and its index, layer and view."""


def vector_epochs(values: int, measured: Sequence[int]) -> Sequence[int]:
    """Choose the measured epochs whose vectors are kept whole: every k-th, the first and the last.

    With n measured epochs and room for m of them, k = ⌈(n − 1) / (m − 1)⌉ is the smallest step that fits: it keeps
    ⌈(n − 1) / k⌉ + 1 ≤ m epochs. Where two measurements are too many the last alone is kept, and none where it is
    too large itself.

    The choice follows from the architecture and the study alone, so that all trials of an architecture keep the same
    epochs, and a resumed trial those that it would have kept.

    Args:
        values: singular values of one measurement, over all weights and views.
        measured: every epoch that the whole training measures, ascending, at least one.

    Returns:
        Those that keep their vectors, ascending.

    Example:
        >>> vector_epochs(8_010, range(4))
        (0, 1, 2, 3)
        >>> vector_epochs(5_000_000, range(0, 201, 2))
        (0, 34, 68, 102, 136, 170, 200)
    """
    assert values > 0, f"a measurement has values, got {values}"
    assert measured, "a training measures at least its last state"
    room = ROOM // (values * BYTES_A_VALUE)
    last = measured[-1]
    if room < 2:
        return (last,) * room
    step = max(1, -(-(len(measured) - 1) // (room - 1)))
    chosen = measured[::step]
    return (*chosen,) if chosen[-1] == last else (*chosen, last)
