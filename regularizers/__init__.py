"""How weights are measured and held. Imports torch only.

``REGULARIZERS`` maps the names that study files use to settings:
``REGULARIZERS["weight_decay"](strength=1e-2)`` checks its hyperparameters, and ``.attach(model)`` begins to
hold the model's weights.
"""

from regularizers import measure, spectrum
from regularizers.base import Regularizer, RegularizerSettings
from regularizers.measure import LayerSpectrum, lipschitz_log10_bound
from regularizers.methods.l2_penalty import L2Penalty
from regularizers.methods.none import NoRegularization
from regularizers.methods.spectral_norm_scaling import SpectralNormScaling
from regularizers.methods.spectral_normalization import SpectralNormalization
from regularizers.methods.weight_decay import WeightDecay
from regularizers.table import REGULARIZERS
from regularizers.targets import ROLES, Target, select

__all__ = [
    "REGULARIZERS",
    "ROLES",
    "L2Penalty",
    "LayerSpectrum",
    "NoRegularization",
    "Regularizer",
    "RegularizerSettings",
    "SpectralNormScaling",
    "SpectralNormalization",
    "Target",
    "WeightDecay",
    "lipschitz_log10_bound",
    "measure",
    "select",
    "spectrum",
]
