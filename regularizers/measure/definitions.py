"""What each measure means, and which of them a bundle holds."""

from collections.abc import Mapping
from types import MappingProxyType

BUNDLES = ("economy", "standard", "full")
"""How much is measured, by what it costs: what singular values say by themselves; what compares, too, and what a pass
over some images tells; what needs many passes through the network, too."""

ECONOMY: Mapping[str, str] = MappingProxyType({
    "spectral_norm": "largest singular value σ₁",
    "rms_norm": "RMS→RMS norm σ₁·√(fan_in/fan_out): how much an input's root mean square can grow at most",
    "frobenius_norm": "√Σσ²",
    "nuclear_norm": "Σσ",
    "rank": "how many σ exceed σ₁·max(rows, columns)·eps (NumPy's rule), with the eps of the weight's dtype, of "
    "float32 for half precision",
    "rank_1e_3": "how many σ exceed 10⁻³·σ₁",
    "rank_1e_2": "how many σ exceed 10⁻²·σ₁",
    "stable_rank": "Σσ²/σ₁²",
    "effective_rank": "exp of the entropy of σ/Σσ (Roy and Vetterli 2007)",
    "effective_rank_squared": "exp of the entropy of σ²/Σσ²",
    "participation_ratio": "(Σσ²)²/Σσ⁴",
    "n90": "how many of the largest σ hold 90 % of Σσ",
    "condition_number": "σ₁/σ_r, of weights of full rank",
    "gini": "Gini coefficient of the σ: 0 where all are equal, near 1 where one has all",
})
"""The measures of every bundle, in both the flat and the circular view: name -> definition."""

WEIGHT_WATCHER_VERSION = "0.7.7"
"""Of the package whose definitions these are."""

WEIGHT_WATCHER: Mapping[str, str] = MappingProxyType({
    "alpha": "exponent of the power law that fits the tail of the λ = σ² best; of fewer than 20 λ it is corrected for "
    f"bias, and tails have 8 at least (WeightWatcher {WEIGHT_WATCHER_VERSION})",
    "D": "Kolmogorov–Smirnov distance of the λ in that tail from the power law",
    "alpha_weighted": "alpha·log₁₀ λ₁",
    "log_alpha_norm": "log₁₀ Σλ^alpha",
    "log_spectral_norm": "log₁₀ λ₁, of λ = σ²",
    "mp_softrank": "upper edge of the Marchenko–Pastur law that fits the bulk of the λ, over λ₁; where none fits "
    f"0.0025, the first that is tried (WeightWatcher {WEIGHT_WATCHER_VERSION})",
    "num_spikes": "how many λ lie beyond that edge by more than the fluctuations of Tracy and Widom",
})
"""The measures that the bundle ``"standard"`` adds in the flat view, by WeightWatcher's names: name -> definition.

Until its 0.7.5 alpha was the likeliest exponent, however few the values: ``power_law_0_7_5`` finds that one."""

MOVEMENT: Mapping[str, str] = MappingProxyType({
    "distance": "‖W − W₀‖_F / ‖W₀‖_F, from the weight before the first step",
    "update_norm": "‖ΔW‖₂ of the change since the last measurement",
    "update_frobenius_norm": "‖ΔW‖_F of the change since the last measurement",
    "update_stable_rank": "‖ΔW‖_F² / ‖ΔW‖₂² of the change since the last measurement",
    "agreement": "mean of |uᵢᵀuᵢ'|·|vᵢᵀvᵢ'| with the last measurement, over the first ten singular vectors",
    "alignment": "mean of |vᵢᵀuᵢ'| with the weight before it, over the first ten singular vectors",
})
"""What the bundle ``"standard"`` adds in the flat view, from two looks at a training: name -> definition."""

MEASURES: Mapping[str, str] = MappingProxyType({**ECONOMY, **WEIGHT_WATCHER, **MOVEMENT})
"""Every measure of a weight: name -> definition."""
