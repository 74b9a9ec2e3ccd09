"""Optuna's samplers: when each takes over, and how it is made for one trial."""

from collections.abc import Callable
from dataclasses import dataclass

from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, NSGAIISampler, TPESampler

STARTUP = 10
"""Common draws before a model of the objective is believed, Optuna's own number."""

POPULATION = 50
"""Trials of one generation of a genetic search at most, Optuna's own number."""


@dataclass(frozen=True, kw_only=True)
class Sampler:
    """One of Optuna's, as a cell searches with it.

    Attributes:
        startup: from the trials of a cell, how many are common draws before it takes over.
        build: from that number and a seed, the sampler of one trial.
        objectives: 1, validation accuracy; 2, also the log10 of the Lipschitz bound, which should be small.
        generations: it writes into each trial which generation the trial is of, and reads it there again.
    """

    startup: Callable[[int], int]
    build: Callable[[int, int], BaseSampler]
    objectives: int = 1
    generations: bool = False


def _half(trials: int) -> int:
    """Half of a small search, but at least four: from one or two points a model only repeats them."""
    return min(trials, max(4, trials // 2), STARTUP)


def _first(trials: int) -> int:
    """One: the search begins at the middle of the ranges and learns nothing from draws that are not its own."""
    return 1


def _generation(trials: int) -> int:
    """The first generation: a quarter of the trials, so that there are four, but at least four of them."""
    return min(trials, max(4, trials // 4), POPULATION)


SAMPLERS = {
    # A tree-structured Parzen estimator (Bergstra et al. 2011; Watanabe 2023). Of a trial that was stopped early it
    # takes the epochs that there are.
    "tpe": Sampler(
        startup=_half,
        build=lambda startup, seed: TPESampler(n_startup_trials=startup, seed=seed),
    ),
    # A Gaussian process and the logarithm of expected improvement (Ament et al. 2023). It learns from trials at full
    # budget alone, as do the two below.
    "gp": Sampler(
        startup=_half,
        build=lambda startup, seed: GPSampler(n_startup_trials=startup, seed=seed),
    ),
    # Covariance matrix adaptation (Hansen 2016). A generation is 4 + 3 ln(d) trials of d hyperparameters.
    "cmaes": Sampler(
        startup=_first,
        build=lambda startup, seed: CmaEsSampler(n_startup_trials=startup, seed=seed, warn_independent_sampling=False),
        generations=True,
    ),
    # Non-dominated sorting (Deb et al. 2002) of two objectives.
    "nsga2": Sampler(
        startup=_generation,
        build=lambda startup, seed: NSGAIISampler(population_size=max(2, startup), seed=seed),
        objectives=2,
        generations=True,
    ),
}
"""By the name that study files use."""
