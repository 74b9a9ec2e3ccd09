"""The table of regularizers: the names that study files use. A new method is a file that is imported and named here."""

from regularizers.base import RegularizerSettings
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

REGULARIZERS: dict[str, type[RegularizerSettings]] = {
    "none": NoRegularization,
    "weight_decay": WeightDecay,
    "l2_penalty": L2Penalty,
    "weight_normalization": WeightNormalization,
    "frobenius_norm_scaling": FrobeniusNormScaling,
    "spectral_norm_scaling": SpectralNormScaling,
    "spectral_hammer": SpectralNormScaling,  # the successor literature's name for it
    "spectral_normalization": SpectralNormalization,
    "spectral_projection": SpectralProjection,
    "spectral_norm_penalty": SpectralNormPenalty,
    "spectral_weight_decay": SpectralWeightDecay,
    "spectral_soft_cap": SpectralSoftCap,
    "spectral_hard_cap": SpectralHardCap,
    "stiefel_projection": StiefelProjection,
    "soft_orthogonality": SoftOrthogonality,
    "srip": SRIP,
    "lipschitz_constraint": LipschitzConstraint,
    "conv_operator_clip": ConvOperatorClip,
    "norm_ball": NormBall,
    "stable_rank_cap": StableRankCap,
    "combined": Combined,
}


def name_of(settings: RegularizerSettings) -> str:
    """The name under which a method is stored: its first in the table, whichever the study file used.

    Args:
        settings: of a method of the table.

    Returns:
        The name.

    Example:
        >>> name_of(REGULARIZERS["spectral_hammer"]())
        'spectral_norm_scaling'
    """
    return next(name for name, kind in REGULARIZERS.items() if kind is type(settings))
