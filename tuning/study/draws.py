"""What a trial takes that is known beforehand: tables of draws, from which every condition takes its row.

Row i is the i-th trial of every cell. What is drawn from the shared ranges is equal in all of them: common random
numbers, so that conditions differ by what they are and not by the learning rates they happened to meet.
"""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from tuning.settings.seeds import derive_seed
from tuning.settings.space import Choice, Domain, IntUniform, plain

Space = Mapping[str, Domain]
"""What a cell searches, by flat name."""

DIMENSIONS = 64
"""Columns of the Sobol' table. A scrambled column depends on their number, so that it is one for all studies."""


def at_random(space: Space, seed: int, index: int) -> dict[str, Any]:
    """Return an independent draw for each name; the same name has the same one in every cell.

    Args:
        space: what is drawn from.
        seed: the study's.
        index: the row.
    """
    return {name: domain.at(derive_seed(seed, "draw", name, index) / 2**63) for name, domain in space.items()}


def from_sobol(space: Space, shared: Sequence[str], seed: int, index: int) -> dict[str, Any]:
    """Return the row of a scrambled Sobol' sequence (Sobol' 1967; scrambled as by Matoušek 1998).

    The first 2ᵏ rows have exactly one value of each column in each of 2ᵏ equal parts of its range, for every k: trials
    cover the ranges more evenly than independent draws do, most evenly where their number is a power of two. More
    trials lengthen the table and change none of its rows.

    Names of ``shared`` have the first columns, in their order and whether the space has them or not; the other names of
    the space follow, in alphabetical order. So the shared ones are drawn equal in every cell.

    Args:
        space: what is drawn from, of at most `DIMENSIONS` names.
        shared: names that the study searches in every condition.
        seed: the study's.
        index: the row.
    """
    columns = [*shared, *sorted(name for name in space if name not in shared)]
    row = _sobol_table(derive_seed(seed, "sobol"), index.bit_length())[index]
    return {name: domain.at(float(row[columns.index(name)])) for name, domain in space.items()}


def check_sobol(space: Space, shared: Sequence[str]) -> None:
    """See that the table has a column for each name.

    Args:
        space: what is drawn from.
        shared: names that the study searches in every condition.

    Raises:
        ValueError: where there are more names than columns.
    """
    count = len({*shared, *space})
    if count > DIMENSIONS:
        raise ValueError(f"algorithm sobol draws at most {DIMENSIONS} hyperparameters, got {count}; choose random")


@lru_cache(maxsize=8)
def _sobol_table(seed: int, exponent: int) -> np.ndarray:
    """Return the first ``2**exponent`` rows."""
    from scipy.stats import qmc  # takes a second to come, and only this algorithm needs it

    table: np.ndarray = qmc.Sobol(DIMENSIONS, scramble=True, rng=seed).random_base2(exponent)
    table.flags.writeable = False
    return table


def from_grid(space: Space, index: int) -> dict[str, Any]:
    """Return one of all combinations of values, the last name's varying fastest.

    Args:
        space: domains of finitely many values.
        index: below `grid_size`.
    """
    row: dict[str, Any] = {}
    for name, domain in reversed(list(space.items())):
        index, place = divmod(index, _size(name, domain))
        row[name] = domain.values[place] if isinstance(domain, Choice) else domain.low + place
    return {name: row[name] for name in space}


def grid_size(space: Space) -> int:
    """Return how many combinations of values there are.

    Args:
        space: domains of finitely many values.

    Raises:
        ValueError: where a domain has infinitely many, with some to list instead.
    """
    return math.prod(_size(name, domain) for name, domain in space.items())


def _size(name: str, domain: Domain) -> int:
    """Return how many values the domain has.

    Raises:
        ValueError: where it has infinitely many, with some to list instead.
    """
    if isinstance(domain, Choice):
        return len(domain.values)
    if isinstance(domain, IntUniform):
        return domain.high - domain.low + 1
    few = [float(f"{domain.at(fraction):.3g}") for fraction in (0.0, 0.5, 1.0)]
    raise ValueError(
        f"algorithm grid takes choice and int_uniform, got {plain(domain)} for {name}; list its values, "
        f"e.g. {{choice: {few}}}"
    )
