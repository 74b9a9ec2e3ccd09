"""Checkouts of this project that a benchmark runs beside each other, and studies that it runs with them."""

from collections.abc import Container
from pathlib import Path

NAMES = {"this": "this code", "other": "before"}
"""What a table calls them."""


def checkouts(beside: Path | None) -> dict[str, Path]:
    """Return this checkout, and another one where there is one.

    Args:
        beside: the other; None for this one alone.

    Returns:
        Folders by the keys of `NAMES`.
    """
    return {"this": Path(__file__).parents[1], **({} if beside is None else {"other": beside.absolute()})}


def see_that_it_ended_well(code: int | None, output: Path, well: Container[int | None] = (0,)) -> None:
    """See that a command did what is measured.

    Args:
        code: its exit code.
        output: the file with what it said.
        well: the exit codes that are meant.

    Raises:
        RuntimeError: where it ended with another.
    """
    if code not in well:
        raise RuntimeError(f"the study must end well, got exit code {code}: {output.read_text()[-2000:]}")
