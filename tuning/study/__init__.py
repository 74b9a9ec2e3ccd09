"""What is asked: studies, their cells, and the settings of one trial.

`Study` and `load` need pydantic and PyYAML. They are imported when first asked for, because a machine that only
trains (`tuning.trial` imports the settings from here) need have neither.
"""

import importlib
from typing import TYPE_CHECKING, Any

from tuning.study.cell import Cell, Condition, Values
from tuning.study.dataset import DATASETS, DataSettings
from tuning.study.newton_schulz import NEWTON_SCHULZ, NewtonSchulz
from tuning.study.optimizers import HIDDEN_ROLES, OPTIMIZERS, SGD, Adam, Muon, Optimizer, Scion, Spectral
from tuning.study.seeds import derive_seed
from tuning.study.settings import TrialSettings, from_flat, from_params, to_flat, to_params
from tuning.study.space import Choice, Domain, IntUniform, LogUniform, Uniform
from tuning.study.startup import startup
from tuning.study.training import Measure, Resources, Schedule, Training

if TYPE_CHECKING:
    from tuning.study.ablate import ablated_cells, ablations
    from tuning.study.budget import PHASES, planned_epochs, planned_trials, uneven
    from tuning.study.confirmations import Trials, confirmation_trials, confirmations_planned
    from tuning.study.matched import baseline, unmatched
    from tuning.study.reading import load, parse_study, shipped
    from tuning.study.study import Study

_ON_DEMAND = {
    "PHASES": "budget",
    "Study": "study",
    "Trials": "confirmations",
    "ablated_cells": "ablate",
    "ablations": "ablate",
    "baseline": "matched",
    "confirmation_trials": "confirmations",
    "confirmations_planned": "confirmations",
    "load": "reading",
    "parse_study": "reading",
    "planned_epochs": "budget",
    "planned_trials": "budget",
    "shipped": "reading",
    "uneven": "budget",
    "unmatched": "matched",
}

__all__ = [
    "DATASETS",
    "HIDDEN_ROLES",
    "NEWTON_SCHULZ",
    "OPTIMIZERS",
    "PHASES",
    "SGD",
    "Adam",
    "Cell",
    "Choice",
    "Condition",
    "DataSettings",
    "Domain",
    "IntUniform",
    "LogUniform",
    "Measure",
    "Muon",
    "NewtonSchulz",
    "Optimizer",
    "Resources",
    "Schedule",
    "Scion",
    "Spectral",
    "Study",
    "Training",
    "TrialSettings",
    "Trials",
    "Uniform",
    "Values",
    "ablated_cells",
    "ablations",
    "baseline",
    "confirmation_trials",
    "confirmations_planned",
    "derive_seed",
    "from_flat",
    "from_params",
    "load",
    "parse_study",
    "planned_epochs",
    "planned_trials",
    "shipped",
    "startup",
    "to_flat",
    "to_params",
    "uneven",
    "unmatched",
]


def __getattr__(name: str) -> Any:
    if name not in _ON_DEMAND:
        raise AttributeError(f"module 'tuning.study' has no attribute {name!r}")
    return getattr(importlib.import_module(f"tuning.study.{_ON_DEMAND[name]}"), name)
