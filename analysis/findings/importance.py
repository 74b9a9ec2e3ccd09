"""Which settings mattered for a cell's validation accuracies: fANOVA over the range, PED-ANOVA among the best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
import pandas as pd
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.importance import (
    BaseImportanceEvaluator,
    FanovaImportanceEvaluator,
    PedAnovaImportanceEvaluator,
    get_param_importances,
)

from analysis.tables.runs import cells
from analysis.tables.study_queries import ranges
from analysis.tables.study_tables import PARAM, Tables
from analysis.tables.trials import FULL_BUDGET, SCORE, trials

TOP = 5
"""Best trials that are set against all: fewer tell nothing, says Optuna's own manual."""

FEWEST = 2 * TOP
"""Trials below which the best ones are hardly a selection."""


@dataclass(frozen=True, kw_only=True)
class Importance:
    """How much each setting had to do with one cell's scores.

    Attributes:
        architecture: its name.
        condition: its name.
        trials: of full budget, on which it rests.
        shares: of the variance over the whole range, by flat name of the setting, adding up to 1, the largest first;
            empty where it cannot be told.
        among_best: how far the best trials pin each setting down, adding up to 1; empty where it cannot be told.
        refused: why it cannot; empty where it can.
    """

    architecture: str
    condition: str
    trials: int
    shares: Mapping[str, float]
    among_best: Mapping[str, float]
    refused: str = ""


def importances(tables: Tables) -> tuple[Importance, ...]:
    r"""Compute the importance of every setting that was searched, cell by cell.

    fANOVA (Hutter et al. 2014) fits a random forest to the scores, integrates it over the whole range of all other
    settings, and takes the variance of what is left; main effects alone are compared. PED-ANOVA (Watanabe et al. 2023,
    arXiv:2304.10255) sets the density of a setting among the best trials against an even one over its range. The best
    are a tenth of the trials, and five at least.

    The first says what matters over the range, whichever way it was searched. The second says what the search has kept
    to: one that learns proposes near the best in settings that matter and in those that do not, and makes their shares
    alike.

    Args:
        tables: the study's.

    Returns:
        One a cell with two or more searched settings (a single one has nothing to be compared with), in the study's
        order.
    """
    found = []
    for architecture, condition in cells(tables):
        finished = trials(tables, architecture, condition)
        finished = finished[finished[FULL_BUDGET]]
        searched = {
            name: limits for name, limits in ranges(tables.study_data, condition).items() if PARAM + name in finished
        }
        if len(searched) < 2 or finished.empty:
            continue
        refused = _refused(finished)
        study = None if refused else _study(finished, searched)
        found.append(
            Importance(
                architecture=architecture,
                condition=condition,
                trials=len(finished),
                shares={} if study is None else _shares(study, FanovaImportanceEvaluator(seed=0)),
                among_best={} if study is None else _shares(study, _among_best(len(finished))),
                refused=refused,
            )
        )
    return tuple(found)


def _among_best(trials: int) -> BaseImportanceEvaluator:
    return PedAnovaImportanceEvaluator(target_quantile=max(0.1, TOP / trials), evaluate_on_local=False)


def _refused(finished: pd.DataFrame) -> str:
    if len(finished) < FEWEST:
        return f"importance needs {FEWEST} trials of full budget, got {len(finished)}"
    if finished[SCORE].nunique() == 1:
        return f"importance needs trials that differ, got {len(finished)} of one score"
    return ""


def _study(finished: pd.DataFrame, searched: Mapping[str, tuple[str, Sequence[Any]]]) -> optuna.Study:
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # a study that is made here is no news
    study = optuna.create_study(direction="maximize")
    optuna.logging.set_verbosity(verbosity)
    domains = {name: _distribution(kind, values) for name, (kind, values) in searched.items()}
    for _, row in finished.iterrows():
        params = {name: _param(row[PARAM + name], domain) for name, domain in domains.items()}
        study.add_trial(optuna.create_trial(params=params, distributions=domains, value=float(row[SCORE])))
    return study


def _shares(study: optuna.Study, evaluator: BaseImportanceEvaluator) -> dict[str, float]:
    found = get_param_importances(study, evaluator=evaluator)
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
