"""How large singular values are and how many share the size: norms, ranks and their smooth relatives."""

import torch
from torch import Tensor

from regularizers.linalg.polar import arithmetic
from regularizers.measure.missing import ZERO, Obstacle, Obstacles

_SHARE = 0.9
_ROUNDING = 1e-12  # of a sum of float64 numbers; a share that is met exactly must count as met


def norms(values: Tensor, fan_ratio: float) -> dict[str, Tensor]:
    """Norms of matrices, from their singular values σ₁ ≥ … ≥ σ_r.

    Args:
        values: (…, r), float64.
        fan_ratio: fan_in / fan_out of the matrices.

    Returns:
        By name, each (…): σ₁, the RMS→RMS norm σ₁·√(fan_in/fan_out) (Yang, Simon and Bernstein 2023,
        https://arxiv.org/abs/2310.17813), Frobenius and nuclear norm.

    Example:
        >>> {name: norm.item() for name, norm in norms(torch.tensor([4.0, 3.0]).double(), 4.0).items()}
        {'spectral_norm': 4.0, 'rms_norm': 8.0, 'frobenius_norm': 5.0, 'nuclear_norm': 7.0}
    """
    top = values[..., 0]
    relative = values / torch.where(top == 0, 1.0, top).unsqueeze(-1)  # whose squares neither over- nor underflow
    return {
        "spectral_norm": top,
        "rms_norm": top * fan_ratio**0.5,
        "frobenius_norm": top * torch.linalg.vector_norm(relative, dim=-1),
        "nuclear_norm": values.sum(-1),
    }


def ranks(values: Tensor, tolerance: float) -> dict[str, Tensor]:
    """How many singular values a matrix has, counted and weighed.

    With p = σ/Σσ and q = σ²/Σσ²:

    * rank, rank_1e_3, rank_1e_2: how many exceed the tolerance, 10⁻³ and 10⁻², each times σ₁;
    * stable_rank Σσ²/σ₁² and participation_ratio 1/Σq², neither above the rank;
    * effective_rank exp(−Σ p ln p) (Roy and Vetterli 2007) and effective_rank_squared exp(−Σ q ln q), between 1 and r;
    * n90: the fewest whose sum is 0.9 Σσ;
    * condition_number σ₁/σ_r;
    * gini: Σ_i (2i − r − 1) σ_i / (r Σσ) over ascending σ, from 0 (all equal) to 1 − 1/r (one has all).

    Args:
        values: σ, (…, r), descending, float64.
        tolerance: of the rank, relative to σ₁.

    Returns:
        By name, each (…). Zero for a zero matrix. The condition number of a matrix whose rank is not full is NaN: its
        σ_r is rounding.

    Example:
        >>> found = ranks(torch.tensor([2.0, 2.0, 0.0]).double(), 1e-6)
        >>> {name: round(number.item(), 3) for name, number in found.items() if name != "condition_number"}
        ... # doctest: +NORMALIZE_WHITESPACE
        {'rank': 2.0, 'rank_1e_3': 2.0, 'rank_1e_2': 2.0, 'stable_rank': 2.0, 'effective_rank': 2.0,
         'effective_rank_squared': 2.0, 'participation_ratio': 2.0, 'n90': 2.0, 'gini': 0.333}
    """
    top = values[..., :1]
    # Relative to σ₁ nothing over- or underflows; a zero matrix has zeros, and 0/1 wherever it would have 0/0.
    s = values / torch.where(top == 0, 1.0, top)
    total = s.sum(-1)
    p = s / torch.where(total == 0, 1.0, total).unsqueeze(-1)
    q = s.square() / torch.where(total == 0, 1.0, s.square().sum(-1)).unsqueeze(-1)
    r = values.shape[-1]
    rank = (s > tolerance).sum(-1).double()
    places = torch.arange(r - 1, -r, -2, dtype=values.dtype, device=values.device)  # of descending values
    exists = (top[..., 0] != 0).to(values)  # NaN is not 0
    return {
        "rank": rank,
        "rank_1e_3": (s > 1e-3).sum(-1).double(),
        "rank_1e_2": (s > 1e-2).sum(-1).double(),
        "stable_rank": s.square().sum(-1),
        "effective_rank": exists * torch.special.entr(p).sum(-1).exp(),
        "effective_rank_squared": exists * torch.special.entr(q).sum(-1).exp(),
        "participation_ratio": exists / torch.where(total == 0, 1.0, q.square().sum(-1)),
        "n90": exists * (1 + (s.cumsum(-1) < (_SHARE - _ROUNDING) * total.unsqueeze(-1)).sum(-1)),
        "condition_number": torch.where(rank == r, 1 / s[..., -1], torch.nan),
        "gini": (p * places).sum(-1) / r,
    }


def rank_obstacles(values: Tensor, tolerance: float) -> Obstacles:
    """What leaves a matrix without a condition number.

    Args:
        values: σ, (…, r), descending.
        tolerance: of the rank, relative to σ₁.

    Returns:
        Obstacles by measure.
    """
    top = values[..., 0]
    obstacles = [
        Obstacle(why=ZERO, where=top == 0),
        Obstacle(why="the rank is not full", where=values[..., -1] / torch.where(top == 0, 1.0, top) <= tolerance),
    ]
    return {"condition_number": obstacles}


def rank_tolerance(rows: int, columns: int, dtype: torch.dtype) -> float:
    """What of σ₁ is rounding: max(rows, columns)·eps, as in NumPy's ``matrix_rank``.

    The eps is that of the arithmetic in which a weight is decomposed: float32's for half precision, whose numbers are
    exact in float32. With bfloat16's own eps, 2⁻⁷, no matrix of 128 rows would have a rank.

    Args:
        rows: of the matrix.
        columns: of the matrix.
        dtype: the weight's.

    Returns:
        The tolerance, relative to σ₁.

    Example:
        >>> rank_tolerance(3, 1024, torch.bfloat16) == 1024 * 2.0**-23
        True
    """
    return max(rows, columns) * torch.finfo(arithmetic(dtype)).eps


def all_equal(values: Tensor, tolerance: float) -> Tensor:
    """Whether singular values are equal but for rounding, as those of an orthogonal weight are.

    Args:
        values: σ, (…, r), descending.
        tolerance: how much of σ₁ is rounding.

    Returns:
        (…), true where σ₁ − σ_r ≤ tolerance · σ₁.
    """
    return values[..., 0] - values[..., -1] <= tolerance * values[..., 0]
