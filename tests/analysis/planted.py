"""Studies whose answers are planted: every run's numbers are given, and all that is random has a seed."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from analysis.tables.study_tables import Tables
from tests.analysis import synthetic
from tests.analysis.conftest import in_memory
from tests.analysis.synthetic import Run
from tuning import records
from tuning.records import EpochRecord

ARCHITECTURES = ("mlp-small", "mlp-large", "resnet-small")
CONDITIONS = ("baseline", "decay", "spectral")


def run(metrics: Mapping[int, Mapping[str, float]], **names) -> Run:
    """A run that reported the metrics of each epoch."""
    told = tuple(EpochRecord(epoch=epoch, metrics=metrics_of) for epoch, metrics_of in metrics.items())
    return Run(records=told, **names)


def confirmed(
    gains: Mapping[tuple[str, str], float],
    *,
    seeds: int = 8,
    noise: float = 0.004,
    seed: int = 19,
    architectures: Sequence[str] = ARCHITECTURES,
) -> list[Run]:
    """Confirmation runs of every cell.

    A run's test accuracy is its architecture's level, what its seed does to all conditions alike, the gain given for
    its architecture and condition, and noise of its own.
    """
    rng = np.random.default_rng(seed)
    levels = {name: 0.4 + 0.2 * place for place, name in enumerate(architectures)}
    shared = {name: 0.03 * rng.normal(size=seeds) for name in architectures}
    runs = []
    for architecture, condition, index in itertools.product(architectures, CONDITIONS, range(seeds)):
        gain = gains.get((architecture, condition), 0.0)
        accuracy = levels[architecture] + shared[architecture][index] + gain + noise * rng.normal()
        metrics = {1: {records.TEST_ACCURACY: accuracy, records.VAL_ACCURACY: accuracy}}
        runs.append(run(metrics, phase="confirm", architecture=architecture, condition=condition, index=index))
    return runs


def searched(
    architecture: str,
    condition: str,
    scores: Sequence[float],
    *,
    rates: Sequence[float],
    strengths: Sequence[float] | None = None,
    reasons: Mapping[int, str] | None = None,
) -> list[Run]:
    """The tuning runs of one cell, in the order of their indices."""
    reasons = reasons or {}
    return [
        run(
            {1: {records.VAL_ACCURACY: score}},
            phase="tune",
            architecture=architecture,
            condition=condition,
            index=index,
            learning_rate=rates[index],
            strength=None if strengths is None else strengths[index],
            reason=reasons.get(index, "completed"),
        )
        for index, score in enumerate(scores)
    ]


def tables(runs: Sequence[Run], **search: object) -> Tables:
    """Arrange the runs as the tables of a study whose search was as given."""
    study_data = synthetic.study_data(runs)
    return replace(in_memory(runs), study_data={**study_data, "search": {**study_data["search"], **search}})
