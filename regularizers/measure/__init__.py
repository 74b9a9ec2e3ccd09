"""How weights and networks are measured, without a trace in their training."""

from regularizers.measure.bundles import BUNDLES
from regularizers.measure.layer_spectrum import LayerSpectrum
from regularizers.measure.movement import MOVEMENT_MEASURES, Movement
from regularizers.measure.norm_product import lipschitz_log10_bound
from regularizers.measure.weights import measure

__all__ = ["BUNDLES", "MOVEMENT_MEASURES", "LayerSpectrum", "Movement", "lipschitz_log10_bound", "measure"]
