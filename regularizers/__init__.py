"""How weights are measured and held. Imports torch only.

``REGULARIZERS`` maps the names that study files use to settings:
``REGULARIZERS["weight_decay"](strength=1e-2)`` checks its hyperparameters, and ``.attach(model)`` begins to
hold the model's weights. Each method is a file of ``regularizers.methods``.
"""

from regularizers import measure, spectrum
from regularizers.base import Regularizer, RegularizerSettings
from regularizers.measure import LayerSpectrum, lipschitz_log10_bound
from regularizers.table import REGULARIZERS, name_of
from regularizers.targets import ROLES, Target, select

__all__ = [
    "REGULARIZERS",
    "ROLES",
    "LayerSpectrum",
    "Regularizer",
    "RegularizerSettings",
    "Target",
    "lipschitz_log10_bound",
    "measure",
    "name_of",
    "select",
    "spectrum",
]
