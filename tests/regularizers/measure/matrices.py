"""Seeded matrices of many kinds, of which another package's measures are kept."""

import math

import torch
from torch import Tensor

SHAPES = ((60, 100), (100, 100), (200, 50), (12, 40), (10, 11), (128, 512), (300, 300), (256, 64))


def gaussian(rows: int, columns: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, columns, generator=generator) / math.sqrt(columns)


def heavy_tailed(rows: int, columns: int, seed: int) -> Tensor:
    """Entries of a Pareto law with random signs."""
    generator = torch.Generator().manual_seed(seed)
    uniform = torch.rand(rows, columns, generator=generator).clamp(min=1e-4)
    return gaussian(rows, columns, seed + 1).sign() * uniform.pow(-1 / 2.5) / math.sqrt(rows + columns)


def decaying(rows: int, columns: int, seed: int) -> Tensor:
    """Columns of sizes that fall as a power."""
    return gaussian(rows, columns, seed) * torch.arange(1, columns + 1).float().pow(-0.7) * math.sqrt(columns)


def spiked(rows: int, columns: int, seed: int) -> Tensor:
    """Noise, and three directions that stand out."""
    signal = 3 * gaussian(rows, 3, seed + 1) @ gaussian(3, columns, seed + 2)
    return gaussian(rows, columns, seed) + signal


def faint(rows: int, columns: int, seed: int) -> Tensor:
    """So small that part of the λ fall below the fit's threshold."""
    return 0.01 * decaying(rows, columns, seed)


def low_rank(rows: int, columns: int, seed: int) -> Tensor:
    """All but half of the values near zero, as strong decay leaves them."""
    half = min(rows, columns) // 2
    noise = 1e-4 * gaussian(rows, columns, seed)
    return gaussian(rows, half, seed + 1) @ gaussian(half, columns, seed + 2) + noise


def harmonic(rows: int, columns: int, seed: int) -> Tensor:
    """The singular values 1, 1/2, 1/3, …, of which large matrices have no bulk."""
    del seed
    return torch.eye(rows, columns) / torch.arange(1, columns + 1)


KINDS = (gaussian, heavy_tailed, decaying, spiked, faint, low_rank)

FEW = ((10, 100), (8, 30), (40, 9), (19, 40), (12, 12))
"""Shapes of few values, whose exponents are corrected for bias."""

_ASKED = [
    *((kind, shape) for kind in KINDS for shape in SHAPES),
    *((kind, shape) for kind in KINDS for shape in FEW),
    *((harmonic, shape) for shape in ((9, 20), (50, 60), (100, 100), (200, 50), (100, 300))),
]

MATRICES = {
    f"{kind.__name__} {rows}x{columns}": (kind, rows, columns, 100 * i)
    for i, (kind, (rows, columns)) in enumerate(_ASKED)
}


def matrix(name: str) -> Tensor:
    """The matrix of that name."""
    kind, rows, columns, seed = MATRICES[name]
    return kind(rows, columns, seed)
