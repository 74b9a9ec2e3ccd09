"""How many trials of a cell are draws before a search has anything to learn from."""

import math

STARTUP = 10
"""Common draws before a model of the objective is believed, Optuna's own number."""

POPULATION = 50
"""Trials of one generation of a genetic search at most, Optuna's own number."""

LEAST = 4
"""From one or two points a model only repeats them, and so few make no generation."""


def startup(algorithm: str, trials: int) -> int:
    """Return how many of the trials are common draws, before the algorithm proposes any.

    For a model they are half of a small search. A genetic search takes a quarter of the trials as its first generation,
    so that there are four. Covariance matrix adaptation begins at the middle of the ranges after one draw, and learns
    nothing from draws that are not its own.

    Args:
        algorithm: of `tuning.records.SAMPLED`.
        trials: of a cell.

    Example:
        >>> [startup(algorithm, 40) for algorithm in ("tpe", "gp", "cmaes", "nsga2")]
        [10, 10, 1, 10]
    """
    part, most = {"cmaes": (trials, 1), "nsga2": (4, POPULATION)}.get(algorithm, (2, STARTUP))
    return min(trials, most, max(LEAST, trials // part))


def unlearned(algorithm: str, trials: int, numbers: int) -> int:
    """Return how many of the trials rest on no other.

    Args:
        algorithm: of `tuning.records.SAMPLED`.
        trials: of a cell.
        numbers: how many hyperparameters are searched.

    Example:
        >>> [unlearned(algorithm, 40, numbers=3) for algorithm in ("tpe", "gp", "cmaes", "nsga2")]
        [10, 10, 8, 10]
    """
    first = startup(algorithm, trials)
    return first + 4 + int(3 * math.log(numbers)) if algorithm == "cmaes" else first
