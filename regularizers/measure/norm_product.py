"""The product of all spectral norms: an index of the size of a network."""

import math
from collections.abc import Mapping

from regularizers.measure.layer_spectrum import LayerSpectrum


def lipschitz_log10_bound(spectra: Mapping[str, LayerSpectrum]) -> float | None:
    """The base-10 logarithm of the product of all spectral norms.

    For a chain of layers with 1-Lipschitz activations this bounds the network's Lipschitz constant, in the
    sense in which the given view's maps are the network's maps. Left out of account are the scales of
    BatchNorm and the sums of residual branches, so for such networks it is an index of size, not a bound.

    Args:
        spectra: what ``measure`` gave.

    Returns:
        Σ log₁₀ s₁; None where it is no number: a layer is zero or not finite, or there is no layer.
    """
    norms = [spectrum.measures.get("spectral_norm", 0.0) for spectrum in spectra.values()]
    if not norms or not all(norm > 0 for norm in norms):
        return None
    return sum(math.log10(norm) for norm in norms)
