"""One trial's settings: what all rooms of tuning speak of, and all that a machine which only trains must know."""

from tuning.settings.dataset import DATASETS, DataSettings
from tuning.settings.newton_schulz import NEWTON_SCHULZ, NewtonSchulz
from tuning.settings.optimizers import HIDDEN_ROLES, OPTIMIZERS, SGD, Adam, Muon, Optimizer, Scion, Spectral
from tuning.settings.seeds import derive_seed
from tuning.settings.space import Choice, Domain, IntUniform, LogUniform, Uniform
from tuning.settings.training import Measure, Resources, Schedule, Training
from tuning.settings.trial_settings import TrialSettings, from_flat, from_params, to_flat, to_params

__all__ = [
    "DATASETS",
    "HIDDEN_ROLES",
    "NEWTON_SCHULZ",
    "OPTIMIZERS",
    "SGD",
    "Adam",
    "Choice",
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
    "Training",
    "TrialSettings",
    "Uniform",
    "derive_seed",
    "from_flat",
    "from_params",
    "to_flat",
    "to_params",
]
