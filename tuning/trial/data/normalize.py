"""Mean and deviation of the training images, by which all images are normalized."""

from typing import NamedTuple

import torch
from torch import Tensor

_LEVELS = 256
_CHUNK = 4096  # images counted at a time, so that a large memory-mapped set is never held whole


class Normalization(NamedTuple):
    """Per-channel mean and standard deviation of grey levels in [0, 1], float32, shape (C,) each."""

    mean: Tensor
    std: Tensor


def normalization(images: Tensor, index: Tensor) -> Normalization:
    """Return the mean and standard deviation of each channel over the chosen images.

    With h_v the number of pixels of level v in 0 … 255 and n = Σ h_v, the mean is Σ v h_v / n and the
    variance Σ v² h_v / n − mean². Both sums are whole numbers, so nothing is rounded until the end and the
    order of the images does not matter. A deviation is at least one grey level, 1/255: a channel that
    hardly varies must not be blown up to noise.

    Args:
        images: uint8, shape (N, C, H, W).
        index: the chosen images, shape (M,), M ≥ 1.

    Returns:
        Mean and standard deviation in units of the full range, so that black is 0 and white 1.

    Example:
        >>> images = torch.tensor([0, 255], dtype=torch.uint8).reshape(2, 1, 1, 1)
        >>> normalization(images, torch.tensor([0, 1]))
        Normalization(mean=tensor([0.5000]), std=tensor([0.5000]))
    """
    assert images.dtype == torch.uint8, f"images are uint8, got {images.dtype}"
    channels = images.shape[1]
    histogram = torch.zeros(channels, _LEVELS, dtype=torch.int64)
    for chunk in index.split(_CHUNK):
        pixels = images[chunk]
        for channel in range(channels):
            histogram[channel] += pixels[:, channel].flatten().bincount(minlength=_LEVELS)
    level = torch.arange(_LEVELS)
    count = histogram.sum(1)
    first, second = (histogram * level).sum(1), (histogram * level**2).sum(1)
    # n Σv² − (Σv)² exceeds 64 bits for large sets; Python's integers do not end.
    variance = [
        (n * b - a * a) / (n * n) for n, a, b in zip(count.tolist(), first.tolist(), second.tolist(), strict=True)
    ]
    mean = first.double() / count / (_LEVELS - 1)
    std = torch.tensor(variance, dtype=torch.float64).sqrt().clamp(min=1.0) / (_LEVELS - 1)
    return Normalization(mean=mean.float(), std=std.float())
