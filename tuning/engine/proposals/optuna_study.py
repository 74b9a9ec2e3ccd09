"""One cell's study in Optuna: which sampler is asked for a trial, and what it has been told of the others."""

from collections.abc import Mapping
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.study import StudyDirection

from tuning.engine.proposals.samplers import Sampler
from tuning.engine.proposals.told import Told
from tuning.settings import Choice, Domain, IntUniform, LogUniform, derive_seed
from tuning.study import Cell

_DIRECTIONS = (StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE)
"""Of validation accuracy, and of the log10 of the Lipschitz bound."""


class OptunaStudy:
    """Asks a sampler that is made anew for each trial, seeded by the trial's index.

    Args:
        cell: whose space is searched.
        sampler: how it is searched.
        startup: trials whose values are known before the sampler takes over.
    """

    def __init__(self, cell: Cell, sampler: Sampler, startup: int) -> None:
        self._cell = cell
        self._sampler = sampler
        self._startup = startup
        self._distributions = {name: _distribution(domain) for name, domain in cell.space.items()}
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.study = optuna.create_study(study_name=cell.key, directions=_DIRECTIONS[: sampler.objectives])
        self._running: dict[int, optuna.Trial] = {}
        self._failed: list[int] = []
        self._worst: list[float] = []

    def ask(self, index: int, values: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Begin a trial.

        Args:
            index: the trial's.
            values: by flat name, where they are known; more of them than are searched do no harm.

        Returns:
            The values, or what the sampler proposes.
        """
        seed = derive_seed(self._cell.setup.search.seed, "sampler", *self._cell.key.split("/"), index)
        sampler = self._sampler.build(self._startup, seed % 2**32)
        self.study.sampler = sampler
        if values is not None:
            self.study.enqueue_trial({name: values[name] for name in self._distributions})
        begun = self.study.ask(self._distributions)
        if values is not None and self._sampler.generations:
            # Optuna asks its sampler nothing about values that are given, and the trial would be of no generation.
            trial = self.study.get_trials(deepcopy=False)[begun.number]
            sampler.sample_relative(self.study, trial, sampler.infer_relative_search_space(self.study, trial))
        self._running[index] = begun
        return begun.params

    def tell(self, index: int, end: Told) -> None:
        """End a trial. A failed one waits, as if it ran, until a value is known that it can be told.

        Args:
            index: the trial's.
            end: how it has ended.
        """
        for epoch, accuracy in end.epochs.items():
            self._running[index].report(accuracy, epoch)
        if end.worst:
            self._failed.append(index)
        else:
            self.study.tell(self._running.pop(index), end.values, end.state)
        if end.values is not None:
            pairs = zip(self._worst or end.values, end.values, strict=True)
            worse = {StudyDirection.MAXIMIZE: min, StudyDirection.MINIMIZE: max}
            self._worst = [worse[way](pair) for pair, way in zip(pairs, self.study.directions, strict=True)]
        if self._worst:
            for failed in self._failed:
                self.study.tell(self._running.pop(failed), self._worst)
            self._failed.clear()


def _distribution(domain: Domain) -> BaseDistribution:
    match domain:
        case LogUniform(low, high):
            return FloatDistribution(low, high, log=True)
        case IntUniform(low, high):
            return IntDistribution(low, high)
        case Choice(values):
            return CategoricalDistribution(values)
        case _:
            return FloatDistribution(domain.low, domain.high)
