"""How weights and networks are measured, without a trace in their training."""

from regularizers.measure.composition import LipschitzBound, lipschitz_bound
from regularizers.measure.definitions import BUNDLES, MEASURES, MOVEMENT, WEIGHT_WATCHER_VERSION
from regularizers.measure.jacobian import jacobian_norms
from regularizers.measure.layer_spectrum import LayerSpectrum
from regularizers.measure.movement import Movement
from regularizers.measure.norm_product import lipschitz_log10_bound
from regularizers.measure.power_law import power_law, power_law_0_7_5
from regularizers.measure.truncation import BODY, reestimate_batchnorm, spectral_halves
from regularizers.measure.undisturbed import undisturbed
from regularizers.measure.weights import measure

__all__ = [
    "BODY",
    "BUNDLES",
    "MEASURES",
    "MOVEMENT",
    "WEIGHT_WATCHER_VERSION",
    "LayerSpectrum",
    "LipschitzBound",
    "Movement",
    "jacobian_norms",
    "lipschitz_bound",
    "lipschitz_log10_bound",
    "measure",
    "power_law",
    "power_law_0_7_5",
    "reestimate_batchnorm",
    "spectral_halves",
    "undisturbed",
]
