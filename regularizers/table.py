"""The table of regularizers: the names that study files use. A new method is one file and one line here."""

from regularizers.base import RegularizerSettings
from regularizers.methods.l2_penalty import L2Penalty
from regularizers.methods.none import NoRegularization
from regularizers.methods.spectral_norm_scaling import SpectralNormScaling
from regularizers.methods.spectral_normalization import SpectralNormalization
from regularizers.methods.weight_decay import WeightDecay

REGULARIZERS: dict[str, type[RegularizerSettings]] = {
    "none": NoRegularization,
    "weight_decay": WeightDecay,
    "l2_penalty": L2Penalty,
    "spectral_norm_scaling": SpectralNormScaling,
    "spectral_normalization": SpectralNormalization,
}
