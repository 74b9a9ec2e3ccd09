"""Optuna's samplers: how each is made for one trial, and what it takes."""

from collections.abc import Callable
from dataclasses import dataclass

from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, NSGAIISampler, TPESampler


@dataclass(frozen=True, kw_only=True)
class Sampler:
    """One of Optuna's samplers, with what this package must know of it to search a cell.

    Attributes:
        build: from the number of common draws before it takes over and a seed, the sampler of one trial.
        objectives: 1, validation accuracy; 2, also the log10 of the Lipschitz bound, which should be small.
        generations: it writes into each trial which generation the trial is of, and reads it there again.
        ranks_stopped: it takes trials that were stopped early as such, and ranks them below those of full budget; any
            other is told the last accuracy of a stopped trial as that of a whole one, for it would leave the trial out.
    """

    build: Callable[[int, int], BaseSampler]
    objectives: int = 1
    generations: bool = False
    ranks_stopped: bool = False


SAMPLERS = {
    # A tree-structured Parzen estimator (Bergstra et al. 2011; Watanabe 2023). Of a trial that was stopped early it
    # takes the epochs that there are.
    "tpe": Sampler(
        build=lambda startup, seed: TPESampler(n_startup_trials=startup, seed=seed),
        ranks_stopped=True,
    ),
    # A Gaussian process and the logarithm of expected improvement (Ament et al. 2023). Optuna begins with it after so
    # many trials that have a value.
    "gp": Sampler(
        build=lambda startup, seed: GPSampler(n_startup_trials=startup, seed=seed),
    ),
    # Covariance matrix adaptation (Hansen 2016). A generation is 4 + 3 ln(d) trials of d hyperparameters.
    "cmaes": Sampler(
        build=lambda startup, seed: CmaEsSampler(n_startup_trials=startup, seed=seed, warn_independent_sampling=False),
        generations=True,
    ),
    # Non-dominated sorting (Deb et al. 2002) of two objectives.
    "nsga2": Sampler(
        build=lambda startup, seed: NSGAIISampler(population_size=max(2, startup), seed=seed),
        objectives=2,
        generations=True,
    ),
}
"""By the name that study files use."""
