"""What is known of one weight as one linear map."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, kw_only=True, eq=False)  # tensors have no single answer to ==
class LayerSpectrum:
    """One weight, seen as one linear map.

    With singular values s₁ ≥ … ≥ s_r and W the map's matrix:

    * rank: how many exceed s₁ · max(block rows, block columns) · eps, with eps of the weight's dtype (NumPy's
      rule). The block is what was decomposed: the flat matrix, or one frequency's Co × Ci matrix.
    * stable rank: ‖W‖²_F / s₁², never above the rank.
    * effective rank: exp(−Σ p ln p) with p = s / Σs (Roy and Vetterli 2007), between 1 and r.
    * RMS→RMS norm: s₁ · √(fan_in / fan_out), how much the root mean square of an input can grow at most
      (Yang, Simon and Bernstein 2023, https://arxiv.org/abs/2310.17813).

    A zero matrix has all of these zero. A matrix that is not finite has NaN for them, and rank 0.

    Attributes:
        view: ``"flat"`` or ``"circular"``.
        fan_out: rows of the map: Co, or Co·h·w of a circular convolution.
        fan_in: columns of the map: Ci·kh·kw, or Ci·h·w of a circular convolution.
        singular_values: all of them, descending, float32 on the CPU.
        spectral_norm: s₁.
        frobenius_norm: √Σs².
        rms_norm: the RMS→RMS norm.
        rank: the numeric rank.
        stable_rank: a real number.
        effective_rank: a real number.
    """

    view: str
    fan_out: int
    fan_in: int
    singular_values: Tensor
    spectral_norm: float
    frobenius_norm: float
    rms_norm: float
    rank: int
    stable_rank: float
    effective_rank: float

    @property
    def measures(self) -> dict[str, float]:
        """The numbers by name, without the vector: what a record keeps of every epoch."""
        names = ("spectral_norm", "frobenius_norm", "rms_norm", "rank", "stable_rank", "effective_rank")
        return {name: float(getattr(self, name)) for name in names}
