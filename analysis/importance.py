"""Which settings mattered for reaching a cell's best validation accuracies: PED-ANOVA."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
import pandas as pd
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from analysis.asked import ranges
from analysis.curves import cells
from analysis.table import PARAM, Tables
from analysis.trials import FULL_BUDGET, SCORE, trials

TOP = 5
"""Best trials that are set against all: fewer tell nothing, says Optuna's own manual."""

FEWEST = 2 * TOP
"""Trials below which the best ones are hardly a selection."""


@dataclass(frozen=True, kw_only=True)
class Importance:
    """How much each setting had to do with one cell's best trials.

    Attributes:
        architecture: its name.
        condition: its name.
        trials: of full budget, on which it rests.
        shares: by flat name of the setting, adding up to 1, the largest first; empty where it cannot be told.
        refused: why it cannot; empty where it can.
    """

    architecture: str
    condition: str
    trials: int
    shares: Mapping[str, float]
    refused: str = ""


def importances(tables: Tables) -> tuple[Importance, ...]:
    r"""Compute the importance of every setting that was searched, cell by cell.

    PED-ANOVA (Watanabe et al. 2023, arXiv:2304.10255) sets the density of a setting among the best trials against its
    density among all: a setting that the best trials pin down has mattered. The best are a tenth of the trials, and
    five at least.

    Args:
        tables: the study's.

    Returns:
        One a cell with two or more searched settings (a single one has nothing to be compared with), in the study's
        order.
    """
    found = []
    for architecture, condition in cells(tables):
        mine = trials(tables, architecture, condition)
        mine = mine[mine[FULL_BUDGET]]
        asked = {name: one for name, one in ranges(tables.asked, condition).items() if PARAM + name in mine}
        if len(asked) < 2 or mine.empty:
            continue
        few = len(mine) < FEWEST
        found.append(
            Importance(
                architecture=architecture,
                condition=condition,
                trials=len(mine),
                shares={} if few else _shares(mine, asked),
                refused=f"importance needs {FEWEST} trials of full budget, got {len(mine)}" if few else "",
            )
        )
    return tuple(found)


def _shares(mine: pd.DataFrame, asked: Mapping[str, tuple[str, Sequence[Any]]]) -> dict[str, float]:
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # a study that is made here is no news
    study = optuna.create_study(direction="maximize")
    optuna.logging.set_verbosity(verbosity)
    domains = {name: _distribution(kind, values) for name, (kind, values) in asked.items()}
    for _, row in mine.iterrows():
        params = {name: _param(row[PARAM + name], domain) for name, domain in domains.items()}
        study.add_trial(optuna.create_trial(params=params, distributions=domains, value=float(row[SCORE])))
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=max(0.1, TOP / len(mine)))
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in found.items()}


def _distribution(kind: str, values: Sequence[Any]) -> BaseDistribution:
    if kind == "choice":
        return CategoricalDistribution([str(value) for value in values])
    low, high = values
    if kind == "int_uniform":
        return IntDistribution(int(low), int(high))
    return FloatDistribution(float(low), float(high), log=kind == "log_uniform")


def _param(value: Any, domain: BaseDistribution) -> Any:
    if not isinstance(domain, CategoricalDistribution):
        return int(value) if isinstance(domain, IntDistribution) else float(value)
    # A column of numbers may have made 1.0 of the 1 that was listed.
    texts = {str(value), f"{value:g}" if isinstance(value, float) else str(value)}
    return next(choice for choice in domain.choices if choice in texts)
