"""How weights and networks are measured, without a trace in their training."""

from regularizers.measure.layer_spectrum import LayerSpectrum
from regularizers.measure.norm_product import lipschitz_log10_bound
from regularizers.measure.weights import measure

__all__ = ["LayerSpectrum", "lipschitz_log10_bound", "measure"]
