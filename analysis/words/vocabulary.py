"""What people call the measures of a network, and what each means in a line."""

from collections.abc import Mapping
from typing import NamedTuple

from analysis.tables.measures import LAYERS
from tuning import records


class Term(NamedTuple):
    """What people call a measure, and what it means.

    Attributes:
        name: as it stands beside a picture's row or in a sentence.
        meaning: a line; σ are the singular values of a weight as a flat matrix, σ₁ the largest of them.
    """

    name: str
    meaning: str


OUTCOMES: Mapping[str, Term] = {
    records.TEST_ACCURACY: Term("test accuracy", "share of test images named rightly"),
    records.GAP_ACCURACY: Term("generalization gap", "training less validation accuracy"),
}
"""What is predicted and is no measure."""

OF_NETWORK: Mapping[str, Term] = {
    records.SPECTRAL_NORM_MAX: Term("largest spectral norm", "largest σ₁ of all weights"),
    records.SPECTRAL_NORM_MEAN: Term("mean spectral norm", "mean σ₁ of the weights"),
    records.SPECTRAL_NORM_STD: Term("spread of spectral norms", "standard deviation of σ₁ over the weights"),
    records.RANK_MEAN: Term("numeric rank", "how many σ are more than rounding"),
    records.STABLE_RANK_MEAN: Term("stable rank", "Σσ²/σ₁²"),
    records.EFFECTIVE_RANK_MEAN: Term("effective rank", "exp of the entropy of the shares σ/Σσ"),
    records.DISTANCE_MEAN: Term("distance from the start", "‖W − W₀‖/‖W₀‖ from the weight before the first step"),
    records.UPDATE_NORM_MEAN: Term("norm of an epoch's update", "σ₁ of the change since the measurement before"),
    records.AGREEMENT_MEAN: Term("agreement", "of the leading singular vectors with those of the measurement before"),
    records.ALIGNMENT_MEAN: Term("alignment", "of the directions a weight takes in with those the one before puts out"),
    records.LIPSCHITZ_BOUND: Term("log10 Lipschitz bound", "certified for the network as it is evaluated"),
    records.LIPSCHITZ_PADDED: Term("log10 bound, padded", "the same with convolutions as they act, padding and stride"),
    records.JACOBIAN_NORM: Term("largest Jacobian norm", "of the logits by the image, over validation images"),
}
"""Measures of a whole network."""

ORDINARY: Mapping[str, Term] = {
    records.TRAIN_LOSS: Term("training loss", "mean over the epoch"),
    records.VAL_ACCURACY: Term("validation accuracy", "share of validation images named rightly"),
}
"""What anyone looks at anyway."""

OF_LAYERS: Mapping[str, Term] = {
    "rms_norm": Term("RMS→RMS norm", "σ₁·√(fan_in/fan_out): how much an input's root mean square can grow"),
    "frobenius_norm": Term("Frobenius norm", "√Σσ²"),
    "nuclear_norm": Term("nuclear norm", "Σσ"),
    "rank_1e_3": Term("rank above 10⁻³ σ₁", "how many σ exceed a thousandth of σ₁"),
    "rank_1e_2": Term("rank above 10⁻² σ₁", "how many σ exceed a hundredth of σ₁"),
    "effective_rank_squared": Term("effective rank of σ²", "exp of the entropy of the shares σ²/Σσ²"),
    "participation_ratio": Term("participation ratio", "(Σσ²)²/Σσ⁴"),
    "n90": Term("values that hold 90 %", "how many of the largest σ hold 90 % of Σσ"),
    "condition_number": Term("condition number", "σ₁ over the smallest σ"),
    "gini": Term("Gini coefficient", "0 where all σ are equal, near 1 where one has all"),
    "alpha": Term("power-law exponent, alpha", "of the power law that fits the tail of λ = σ² best"),
    "D": Term("misfit of the power law, D", "Kolmogorov–Smirnov distance of that tail from the law"),
    "alpha_weighted": Term("alpha · log10 λ₁", "the exponent weighted by the largest λ = σ²"),
    "log_alpha_norm": Term("log10 Σλ^alpha", "the sum over all λ = σ²"),
    "log_spectral_norm": Term("log10 λ₁", "of the largest λ = σ²"),
    "mp_softrank": Term("soft rank", "upper edge of the Marchenko–Pastur law that fits the bulk of the λ, over λ₁"),
    "num_spikes": Term("spikes", "how many λ = σ² lie beyond the bulk that a random matrix has"),
    "update_frobenius_norm": Term("Frobenius norm of the update", "√Σσ² of the change since the measurement before"),
    "update_stable_rank": Term("stable rank of the update", "Σσ²/σ₁² of the change since the measurement before"),
}
"""Measures of a layer, by the names of their columns; what is correlated is their mean over a network's layers."""

_TERMS: Mapping[str, Term] = {
    **OUTCOMES,
    **OF_NETWORK,
    **{LAYERS + name: term for name, term in OF_LAYERS.items()},
    **ORDINARY,
}


def called(measure: str) -> str:
    """Return what people call a measure.

    Args:
        measure: a column of `analysis.tables.measures.measured`, or an outcome.

    Returns:
        Its name; one that is not known here, from a newer store, goes by its own.

    Example:
        >>> called("rank/mean"), called("layers/gini"), called("layers/new_one")
        ('numeric rank', 'Gini coefficient', 'new one')
    """
    known = _TERMS.get(measure)
    return known.name if known else measure.removeprefix(LAYERS).replace("_", " ")


def meaning(measure: str) -> str:
    """Return a line that says what a measure is; nothing for one that is not known here.

    Args:
        measure: as `called` takes it.
    """
    return _TERMS[measure].meaning if measure in _TERMS else ""
