"""Which measures of a matrix are no number, and why."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from regularizers.linalg.decomposition import UNFOUND

ZERO = "every value is zero"
EQUAL = "all values are equal up to rounding"
NOT_FINITE = "the weight is not finite"
NOT_FOUND = "no routine converged"
NO_FIT = "no fit was found"


@dataclass(frozen=True, kw_only=True, eq=False)
class Obstacle:
    """What leaves some matrices of a batch without a measure.

    Attributes:
        why: the reason, for people.
        where: (…), true for these matrices.
    """

    why: str
    where: Tensor


Obstacles = Mapping[str, Sequence[Obstacle]]
"""By measure, what may stand against it; of several the first is told."""


def any_of(obstacles: Sequence[Obstacle]) -> Tensor:
    """Where at least one stands, (…).

    Args:
        obstacles: at least one, of one batch.
    """
    return torch.stack([obstacle.where for obstacle in obstacles]).any(0)


def numbers_and_reasons(
    measures: Mapping[str, Tensor | float], obstacles: Obstacles, routine: str, place: tuple[int, ...] = ()
) -> tuple[dict[str, float], dict[str, str]]:
    """One matrix's measures as plain numbers, and why the others are none.

    Args:
        measures: numbers, or tensors (…), by name; the spectral norm among them.
        obstacles: of the same batch.
        routine: by which the singular values were found.
        place: the matrix's in the batch.

    Returns:
        The finite ones by name, and the reason of each other. No measure is there where the norm is not finite,
        because then nothing that was counted means anything.

    Example:
        >>> values = {"spectral_norm": 2.0, "condition_number": math.nan}
        >>> obstacles = {"condition_number": [Obstacle(why="the rank is not full", where=torch.tensor(True))]}
        >>> numbers_and_reasons(values, obstacles, "gram")
        ({'spectral_norm': 2.0}, {'condition_number': 'the rank is not full'})
    """
    found = {name: float(m[place] if isinstance(m, Tensor) else m) for name, m in measures.items()}
    if not math.isfinite(found["spectral_norm"]):
        return {}, dict.fromkeys(found, NOT_FOUND if routine.endswith(UNFOUND) else NOT_FINITE)
    missing = {
        name: next((obstacle.why for obstacle in obstacles.get(name, ()) if obstacle.where[place]), NO_FIT)
        for name, number in found.items()
        if not math.isfinite(number)
    }
    return {name: number for name, number in found.items() if name not in missing}, missing
