"""How weights are measured and held. Imports torch only.

``REGULARIZERS`` maps the names that study files use to settings:
``REGULARIZERS["weight_decay"](strength=1e-2)`` checks its hyperparameters, and ``.attach(model)`` begins to
hold the model's weights.
"""

from regularizers import measure, spectrum
from regularizers.base import Regularizer, RegularizerSettings
from regularizers.measure import LayerSpectrum, lipschitz_log10_bound
from regularizers.methods.combined import Combined
from regularizers.methods.conv_operator_clip import ConvOperatorClip
from regularizers.methods.frobenius_norm_scaling import FrobeniusNormScaling
from regularizers.methods.l2_penalty import L2Penalty
from regularizers.methods.lipschitz_constraint import LipschitzConstraint
from regularizers.methods.none import NoRegularization
from regularizers.methods.norm_ball import NormBall
from regularizers.methods.soft_orthogonality import SoftOrthogonality
from regularizers.methods.spectral_hard_cap import SpectralHardCap
from regularizers.methods.spectral_norm_penalty import SpectralNormPenalty
from regularizers.methods.spectral_norm_scaling import SpectralNormScaling
from regularizers.methods.spectral_normalization import SpectralNormalization
from regularizers.methods.spectral_projection import SpectralProjection
from regularizers.methods.spectral_soft_cap import SpectralSoftCap
from regularizers.methods.spectral_weight_decay import SpectralWeightDecay
from regularizers.methods.srip import SRIP
from regularizers.methods.stable_rank_cap import StableRankCap
from regularizers.methods.stiefel_projection import StiefelProjection
from regularizers.methods.weight_decay import WeightDecay
from regularizers.methods.weight_normalization import WeightNormalization
from regularizers.table import REGULARIZERS, name_of
from regularizers.targets import ROLES, Target, select

__all__ = [
    "REGULARIZERS",
    "ROLES",
    "SRIP",
    "Combined",
    "ConvOperatorClip",
    "FrobeniusNormScaling",
    "L2Penalty",
    "LayerSpectrum",
    "LipschitzConstraint",
    "NoRegularization",
    "NormBall",
    "Regularizer",
    "RegularizerSettings",
    "SoftOrthogonality",
    "SpectralHardCap",
    "SpectralNormPenalty",
    "SpectralNormScaling",
    "SpectralNormalization",
    "SpectralProjection",
    "SpectralSoftCap",
    "SpectralWeightDecay",
    "StableRankCap",
    "StiefelProjection",
    "Target",
    "WeightDecay",
    "WeightNormalization",
    "lipschitz_log10_bound",
    "measure",
    "name_of",
    "select",
    "spectrum",
]
